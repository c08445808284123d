/** `shoal tracker`: a tracker service behind HTTPS, on its own folder, until it is told to stop. */
import { join } from 'node:path'
import { derivePassword } from '../contract/api/password.ts'
import { exitStatus, ShoalError } from '../contract/index.ts'
import type { Network, State, TrackerService } from '../contract/index.ts'
import { loadPlugin } from '../loader.ts'
import { makeFolder } from '../make-folder.ts'
import { serveTracker } from '../tracker/http/index.ts'
import { createTrackerService } from '../tracker/index.ts'
import { serveTrackerStream } from '../tracker/stream/index.ts'
import { inTime } from './closing.ts'
import { passwordSource, readPassword } from './credentials.ts'
import { usage } from './exit.ts'
import type { Arguments } from './grammar.ts'
import { homeOf, makeHome } from './homes.ts'
import { write } from './io.ts'
import type { Io } from './io.ts'
import { lockFolder } from './lock.ts'
import { noticeLine } from './notices.ts'
import type { Ending } from './signals.ts'
import { aborted } from './signals.ts'
import { watchConsole } from './tracker-console.ts'
import { isLibp2pAsked, trackerNetwork } from './tracker-network.ts'
import { trackerRelay } from './tracker-relay.ts'
import type { TrackerRelay } from './tracker-relay.ts'
import { choosePlace } from './tracker-place.ts'
import type { TrackerPlace } from './tracker-place.ts'

/** States that live in one process: a realm with these has one tracker. */
const embedded: readonly string[] = ['sqlite', 'memory']

/** Its folder and its state, for this process alone. */
const withState = async <T>(args: Arguments, io: Io, log: (line: string) => void, work: (state: State, folder: string) => Promise<T>): Promise<T> => {
  const home = homeOf('tracker', io.env)
  await makeHome(home)
  const lock = lockFolder(home.data, 'shoal tracker')
  try {
    const plugin = await loadPlugin('state', args.option('--state') ?? 'sqlite')
    const folder = join(home.data, `state-${plugin.name}`)
    await makeFolder(folder, 0o700)
    const state = await plugin.create({ folder, log })
    try { return await work(state, home.data) } finally { await inTime(state.stop()) }
  } finally { lock.release() }
}

const resetPassword = async (args: Arguments, io: Io, log: (line: string) => void): Promise<number> => {
  const user = args.maybe('N')?.normalize('NFC')
  if (user === undefined) throw usage('reset-password needs USER. Type: shoal tracker reset-password USER')
  const password = await readPassword(passwordSource(args), io, ['New password: ', 'The same again: '])
  await withState(args, io, log, async state => {
    const service = await createTrackerService({ state, log })
    try {
      const parameters = service.newPasswordParameters()
      await service.resetPassword(user, parameters, await derivePassword(password, parameters))
    } finally { await service.stop() }
  })
  await write(io.stdout, `The password of ${user} is changed; its logins have ended.\n`)
  return exitStatus.done
}

/** Serves over libp2p, too, while `work` runs: if it can be, and nobody said no. */
const overLibp2p = async (service: TrackerService, network: Network | undefined, log: (line: string) => void, work: (network: Network | undefined) => Promise<void>): Promise<void> => {
  if (network === undefined) { await work(undefined); return }
  try {
    const served = await serveTrackerStream({ service, log, network })
    try { await work(network) } finally { await inTime(served.stop()) }
  } finally { await inTime(network.stop()) }
}

const serve = async (args: Arguments, place: TrackerPlace, io: Io, ending: Ending, log: (line: string) => void): Promise<number> =>
  withState(args, io, log, async (state, stateFolder) => {
    let relay: TrackerRelay | undefined
    const service = await createTrackerService({ state, log, told: async () => await relay?.told() ?? { relays: [], stun: [] } })
    try {
      const { pin } = service.realm
      if (place.pin !== undefined && place.pin !== pin) {
        throw new ShoalError('BAD_TRACKER_INFO', `The line pins sha256=${place.pin}, and the realm key of this tracker is sha256=${pin}. Correct the line, or use the folder of that realm.`)
      }
      const relaying = relay = trackerRelay(args, service.realm, log)
      const [certificate, key] = [args.option('--certificate'), args.option('--key')]
      const openNetwork = await trackerNetwork({ args, stateFolder, log, ...relaying.parts === undefined ? {} : { parts: relaying.parts } })
      const served = await serveTracker({
        service, stateFolder, log, host: place.listen.host, port: place.listen.port,
        ...certificate === undefined ? {} : { certificate }, ...key === undefined ? {} : { key }
      })
      try {
        const { port } = served.address
        const printUrl = (): Promise<void> => write(io.stdout, `${place.url({ pin, port })}\n`)
        // who reads it may begin; but not if what was asked for beside HTTPS cannot be, and ends it
        const mayFail = isLibp2pAsked(args) || relaying.isAsked
        if (!mayFail) await printUrl()
        await overLibp2p(service, await openNetwork(served.address), log, async network => {
          await relaying.serve(network, ending.signal)
          if (mayFail) await printUrl()
          await write(io.stdout, place.directions({ pin, port, ...network === undefined ? {} : { libp2p: { peer: network.peer, addresses: network.addresses() } } }, relaying.lines()))
          watchConsole(io, ending)
          await aborted(ending.signal)
        })
      } finally { await inTime(served.stop()) }
    } finally {
      await inTime(Promise.all([service.stop(), relay?.stop()]))
    }
    return exitStatus.done
  })

export const runTracker = async (args: Arguments, io: Io, ending: Ending): Promise<number> => {
  const log = (line: string): void => { io.stderr.write(`${noticeLine({ level: 'warning', text: line })}\n`) }
  if (args.maybe('TRACKER_INFO') === 'reset-password') return resetPassword(args, io, log)
  const place = await choosePlace({ info: args.maybe('TRACKER_INFO'), line: args.maybe('N'), listen: args.option('--listen') })
  const state = args.option('--state') ?? 'sqlite'
  if (place.trackers > 1 && embedded.includes(state.split('?')[0] ?? '')) {
    throw new ShoalError('SHARED_STATE_NEEDED',
      `TRACKER_INFO has ${place.trackers} trackers, which need a state that they share, and ${state} is for one process. Keep one line, or choose a shared state with --state.`)
  }
  return serve(args, place, io, ending, log)
}
