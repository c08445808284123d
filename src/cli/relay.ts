/** `shoal relay`: hands on bytes between members who cannot reach each other, until it is told to stop. */
import { lookup } from 'node:dns/promises'
import { createHash } from 'node:crypto'
import { exitStatus, ShoalError } from '../contract/index.ts'
import type { Network, Realm, RealmPin } from '../contract/index.ts'
import { loadPlugin } from '../loader.ts'
import { formatHostPort, parseHostPort } from '../network/addresses.ts'
import type { HostPort } from '../network/addresses.ts'
import { createRelay } from '../relay/index.ts'
import { inTime } from './closing.ts'
import type { Arguments } from './grammar.ts'
import { homeOf, makeHome } from './homes.ts'
import { write } from './io.ts'
import type { Io } from './io.ts'
import { lockFolder } from './lock.ts'
import { noticeLine } from './notices.ts'
import type { Notice } from './notices.ts'
import { rateOption } from './quantities.ts'
import { openRelayHome } from './relay-home.ts'
import type { RelayHome } from './relay-home.ts'
import { aborted } from './signals.ts'
import type { Ending } from './signals.ts'
import { startStun, stunPlace } from './stun.ts'
import { chooseTracker } from './tracker-choice.ts'
import { formatTracker, readTrackerInfo } from './tracker-info.ts'
import { watchConsole } from './tracker-console.ts'
import { ownAddresses, wildcards } from './tracker-place.ts'

const defaultListen: HostPort = { host: '0.0.0.0', port: 7500 }

const realmOf = (key: Uint8Array): Realm => ({ key, pin: createHash('sha256').update(key).digest('hex') as RealmPin })

/** The realm whose members are let in: as the tracker tells it; while that does not answer, as it was the last time. */
const learnRealm = async (given: string | undefined, home: RelayHome, { reach }: Network, tell: (notice: Notice) => void, signal: AbortSignal): Promise<Realm> => {
  const lines = given === undefined ? undefined : (await readTrackerInfo(given)).map(formatTracker).join('\n')
  const isKnown = lines === undefined || await home.memory.settings.get('tracker') === lines
  const plugin = await (await chooseTracker(given, tell))(home.memory)
  const tracker = await plugin.create({ reach, log: text => { tell({ level: 'debug', text }) } })
  try {
    const realm = await tracker.realm(signal)
    await home.keepRealm(realm.key)
    if (lines !== undefined) await home.memory.settings.set('tracker', lines)
    return realm
  } catch (error) {
    if (!isKnown || home.realm === undefined || !ShoalError.is(error, 'TRACKER_UNREACHABLE')) throw error
    tell({ level: 'warning', text: `${tracker.where} does not answer; its realm is known from the last time: sha256=${realmOf(home.realm).pin}` })
    return realmOf(home.realm)
  } finally { await tracker.stop() }
}

const count = (args: Arguments, option: string): number | undefined => {
  const text = args.option(option)
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new ShoalError('BAD_OPTION', `${option}: "${text}" is no number of 1 … 999999. Give how many at most.`)
  return Number(text)
}

export const runRelay = async (args: Arguments, io: Io, ending: Ending): Promise<number> => {
  const tell = (notice: Notice): void => { if (notice.level !== 'debug' || args.has('--debug')) io.stderr.write(`${noticeLine(notice)}\n`) }
  const log = (text: string): void => { tell({ level: 'debug', text }) }
  const asked = args.option('--listen')
  const listen = asked === undefined ? defaultListen : parseHostPort(asked, 'BAD_OPTION')
  const stunAt = stunPlace(args, listen.host)
  const announce = args.list('--announce')
  const names = args.list('--transport')
  const limits = { peers: count(args, '--peers'), circuits: count(args, '--circuits'), rate: rateOption(args, '--rate'), totalRate: rateOption(args, '--total-rate') }
  const transports = await Promise.all((names.length === 0 ? ['tcp'] : names).map(async name => (await loadPlugin('transport', name)).create({ log })))
  const folders = homeOf('relay', io.env)
  await makeHome(folders)
  const lock = lockFolder(folders.data, 'shoal relay')
  try {
    const home = await openRelayHome(folders.data)
    const relay = await createRelay({
      realm: node => learnRealm(args.maybe('TRACKER_INFO'), home, node, tell, ending.signal), key: home.key, transports, listen, log, ...limits,
      lookup: async name => (await lookup(name)).address, ...announce.length === 0 ? {} : { announce }
    })
    try {
      const stun = stunAt === undefined ? undefined : await startStun(stunAt, ending.signal, args.option('--stun-program'))
      try {
        void stun?.ended.then(text => { if (!ending.signal.aborted) tell({ level: 'warning', text: `the STUN server has ended: ${text}` }) })
        const addresses = relay.addresses()
        const stunSeen = stunAt && formatHostPort(wildcards.includes(stunAt.host) ? { ...stunAt, host: ownAddresses()[0] ?? '127.0.0.1' } : stunAt)
        await write(io.stdout, [
          ...addresses,
          `Peers use it with:  shoal peer --relay '${addresses[0] ?? ''}'`,
          ...stunSeen === undefined ? [] : [`STUN at ${stunSeen}. Peers use it with:  shoal peer --transport 'tcp,webrtc?stun=${stunSeen}'`],
          'quit or Ctrl-C stops it.', ''
        ].join('\n'))
        watchConsole(io, ending)
        await aborted(ending.signal)
      } finally { if (stun !== undefined) await inTime(stun.stop()) }
    } finally { await inTime(relay.stop()) }
    return exitStatus.done
  } finally { lock.release() }
}
