/** A peer for the command line: its options, its folder and lock, its plugins by name, assembled by createShoal. The one place that knows the library. */
import { lookup } from 'node:dns/promises'
import { join } from 'node:path'
import { kinds, ShoalError } from '../contract/index.ts'
import type { Kind, Plugin, Shoal } from '../contract/index.ts'
import type { PeerOptions } from '../shoal.ts'
import type { PluginOptions } from '../loader.ts'
import { parseHostPort, parseRelay } from '../network/addresses.ts'
import { inTime } from './closing.ts'
import type { Settings } from './config.ts'
import { homeOf, makeHome } from './homes.ts'
import type { Home } from './homes.ts'
import type { Io } from './io.ts'
import { lockFolder } from './lock.ts'
import { noticeOf } from './notices.ts'
import type { Notice } from './notices.ts'
import { rateOption } from './quantities.ts'
import { didYouMean } from './suggest.ts'
import { chooseTracker } from './tracker-choice.ts'
import { trackerWait } from './tracker-wait.ts'
import type { TrackerWait } from './tracker-wait.ts'

export interface OpenPeer {
  readonly shoal: Shoal
  readonly home: Home
  /** For commands, which may wait for the tracker. */
  readonly during: TrackerWait['during']
  /** Sharing stops, unfinished downloads are kept. Never takes longer than a person waits: what is acknowledged is durable already. */
  close (): Promise<void>
}

/** `HOST:PORT`, an address or a name of this machine, as what createShoal takes. */
const readListen = async (text: string): Promise<{ host: string, port: number }> => {
  const { host, port } = parseHostPort(text)
  try {
    return { host: (await lookup(host)).address, port }
  } catch (cause) {
    throw new ShoalError('ADDRESS_UNAVAILABLE', `"${host}" has no address. Give an address of this machine, or leave it out.`, { cause })
  }
}

const readLimits = async (args: Settings): Promise<{ up?: number, down?: number }> => {
  const [up, down] = await Promise.all(['--up-limit', '--down-limit'].map(option => args.read(option, () => rateOption(args, option))))
  return { ...up === undefined ? {} : { up }, ...down === undefined ? {} : { down } }
}

/** The plugins that are named, and the usual ones that the configuration has options for. @param folder of the peer's durable files */
const readPlugins = async (args: Settings, folder: string, tell: (notice: Notice) => void): Promise<Pick<PeerOptions, 'use' | 'prefer'>> => {
  const [{ listPlugins, loadPlugin }, { preset }, { chooseTransports }] = await Promise.all([import('../loader.ts'), import('../preset.ts'), import('../transports.ts')])
  // however the peer's state is named, sqlite is the same file
  const options: PluginOptions = { ...args.plugins, 'state-sqlite': { path: join(folder, 'profile.sqlite'), ...args.plugins['state-sqlite'] } }
  const named = (kind: Kind, specs: readonly (string | undefined)[]): Promise<readonly Plugin[]> =>
    args.read(`--${kind}`, () => Promise.all(specs.filter(spec => spec !== undefined).map(spec => loadPlugin(kind, spec, { from: args.from(`--${kind}`), options }))))
  const usual = async (kind: Kind): Promise<readonly Plugin[]> =>
    Promise.all((await preset(kind, { home: folder })).map(async plugin => `${kind}-${plugin.name}` in args.plugins ? await loadPlugin(kind, plugin.name, { options }) : plugin))
  /** Those named; none: the usual ones if the configuration has something to say about them, else createShoal knows. */
  const chosen = async (kind: Kind, specs: readonly (string | undefined)[]): Promise<readonly Plugin[]> => {
    const given = await named(kind, specs)
    return given.length > 0 || !Object.keys(args.plugins).some(name => name.startsWith(`${kind}-`)) ? given : usual(kind)
  }
  const specs = args.list('--transport')
  const transports = args.read('--transport', () => chooseTransports(specs, {
    load: spec => loadPlugin('transport', spec, { from: args.from('--transport'), options }),
    // who named it should see it; who did not is not missing anything
    leftOut: text => { tell({ level: specs.some(spec => spec !== 'auto' && spec !== 'udp') ? 'warning' : 'debug', text }) }
  }))
  const [{ plugins, prefer }, integrities] = await Promise.all([transports, named('integrity', args.list('--integrity'))])
  const use = [
    ...plugins,
    ...await chosen('selector', [args.option('--selector')]),
    ...await chosen('storage', [args.option('--storage')]),
    ...await chosen('state', [args.option('--state')]),
    ...await chosen('admission', [args.option('--admission')]),
    // what a group has may be in any scheme: those of the house are there in any case
    ...integrities, ...(await usual('integrity')).filter(own => integrities.every(({ name }) => name !== own.name))
  ]
  const known = new Set([...use.map(({ kind, name }) => `${kind}-${name}`), ...kinds.flatMap(kind => listPlugins(kind).map(name => `${kind}-${name}`))])
  for (const name of Object.keys(args.plugins).filter(each => !known.has(each))) {
    tell({ level: 'warning', text: `The configuration has options for ${name}, and no plugin of that name is used.${didYouMean(name, [...known])} They are for nothing.` })
  }
  return { use, prefer }
}

export interface PeerPlace {
  /** HOST:PORT; none: all interfaces, and the port of last time. */
  readonly listen: string | undefined
  /** A path, a printed URL or HOST:PORT; none: the tracker of last time, else the default. */
  readonly tracker: string | undefined
}

/** @throws ShoalError HOME_IN_USE, PORT_IN_USE, and those of plugins and tracker_info */
export const openPeer = async (args: Settings, place: PeerPlace, io: Io, tell: (notice: Notice) => void): Promise<OpenPeer> => {
  const limits = await readLimits(args)
  const announce = args.list('--announce')
  const relays = await args.read('--relay', () => args.list('--relay').map(parseRelay))
  const { slow, during } = trackerWait(tell)
  const tracker = await chooseTracker(place.tracker, tell, slow)
  const listen = place.listen === undefined ? undefined : await readListen(place.listen)
  const log = args.has('--debug') ? (line: string) => { tell({ level: 'debug', text: line }) } : () => undefined
  const home = homeOf('peer', io.env)
  const plugins = await readPlugins(args, home.data, notice => { if (notice.level !== 'debug' || args.has('--debug')) tell(notice) })
  await makeHome(home)
  const lock = lockFolder(home.data, 'shoal peer')
  try {
    const { createShoal } = await import('../shoal.ts')
    const shoal = await during(createShoal({
      home: home.data, tracker, ...plugins, limits, relays, log,
      ...listen === undefined ? {} : { listen }, ...announce.length === 0 ? {} : { announce }
    }))
    const telling = (async () => {
      for await (const event of shoal.events()) {
        const notice = noticeOf(event, shoal.user)
        if (notice !== undefined) tell(notice)
      }
    })()
    return {
      shoal, home, during,
      close: async () => {
        await inTime(Promise.all([shoal.stop(), telling]))
        lock.release()
      }
    }
  } catch (error) {
    lock.release()
    throw error
  }
}
