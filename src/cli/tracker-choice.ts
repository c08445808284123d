/** Which tracker a peer goes to: the one that is named, else that of last time, else the default; and whether its realm key is the one known. */
import { ShoalError } from '../contract/index.ts'
import type { Context, ErrorCode, Plugin, Tracker } from '../contract/index.ts'
import { formatHostPort } from '../network/addresses.ts'
import type { TrackerOptions } from '../plugin.ts'
import type { PeerMemory } from '../shoal.ts'
import type { Notice } from './notices.ts'
import { defaultTracker, formatTracker, isLibp2p, parseTrackerInfo, readTrackerInfo } from './tracker-info.ts'
import type { TrackerLine } from './tracker-info.ts'
import type { TrackerWait } from './tracker-wait.ts'

const lastTracker = 'tracker'
/** To find out which of several trackers answers. */
const answerMs = 3000

interface Factories {
  readonly http: typeof import('shoal/plugins/tracker-http').default
  readonly libp2p: typeof import('shoal/plugins/tracker-libp2p').default
}

const loadFactories = async (): Promise<Factories> => {
  const [{ default: http }, { default: libp2p }] = await Promise.all([import('shoal/plugins/tracker-http'), import('shoal/plugins/tracker-libp2p')])
  return { http, libp2p }
}

/** Those of one realm have one key: a pin in one line holds for all. */
const withPin = (lines: readonly TrackerLine[]): readonly TrackerLine[] => {
  const pin = lines.find(line => line.pin !== undefined)?.pin
  return pin === undefined ? lines : lines.map(line => ({ ...line, pin }))
}

/** Refusals that only a tracker of the right key gives. */
const proofs: readonly ErrorCode[] = ['WRONG_PASSWORD', 'TOO_MANY_ATTEMPTS', 'USER_EXISTS']

/** What was given is remembered once the tracker has answered with the right key: a mistyped address or pin must not displace a good one. */
const remembering = (plugin: Plugin<'tracker'>, keep: () => Promise<void>): Plugin<'tracker'> => ({
  ...plugin,
  create: async context => {
    const tracker = await plugin.create(context)
    const noting = async <T>(call: Promise<T>): Promise<T> => {
      const result = await call.catch(async (error: unknown) => {
        if (proofs.some(code => ShoalError.is(error, code))) await keep()
        throw error
      })
      await keep()
      return result
    }
    const noted: Tracker = {
      ...tracker,
      register: (...account) => noting(tracker.register(...account)),
      login: (...login) => noting(tracker.login(...login))
    }
    return noted
  }
})

/** The plugin of a line, with the pin that is known for it: the realm key that its tracker showed the first time, if none was given. */
const pluginFor = async ({ http, libp2p }: Factories, line: TrackerLine, { pins }: PeerMemory, tell: (notice: Notice) => void, slow: TrackerWait['slow']): Promise<Plugin<'tracker'>> => {
  if (!isLibp2p(line) && line.port === 0) throw new ShoalError('BAD_TRACKER_INFO', `The tracker ${formatHostPort(line)} has no port. Write the port that it listens on.`)
  const known = isLibp2p(line) ? `/p2p/${line.peer}` : formatHostPort(line)
  const onSlow = (): void => { slow(isLibp2p(line) ? line.address : formatHostPort(line)) }
  const make = (options: Pick<TrackerOptions<unknown>, 'pin' | 'onFirstPin'>): Plugin<'tracker'> =>
    isLibp2p(line) ? libp2p({ where: line.address, onSlow, ...options }) : http({ where: { host: line.host, port: line.port }, onSlow, ...options })
  const { pin: given } = line
  if (given !== undefined) return remembering(make({ pin: given }), () => pins.set(known, given))
  const pin = await pins.get(known)
  if (pin !== undefined) return make({ pin })
  return make({
    onFirstPin: async shown => {
      await pins.set(known, shown)
      // a peer id is a pin already
      if (!isLibp2p(line)) tell({ level: 'warning', text: `the tracker ${known} is trusted as it is seen for the first time; to be sure, compare with what it printed: sha256=${shown}` })
    }
  })
}

/** The tracker of that plugin, if it answers. @throws ShoalError TRACKER_KEY_CHANGED */
const answering = async (plugin: Plugin<'tracker'>, context: Context): Promise<Tracker | undefined> => {
  let tracker: Tracker | undefined
  try {
    tracker = await plugin.create(context)
    await tracker.realm(AbortSignal.timeout(answerMs))
    return tracker
  } catch (error) {
    await tracker?.stop()
    if (ShoalError.is(error, 'TRACKER_KEY_CHANGED')) throw error
    return undefined
  }
}

/** Of several, the first that answers; if none does, the first. */
const firstOf = (first: Plugin<'tracker'>, others: readonly Plugin<'tracker'>[]): Plugin<'tracker'> => others.length === 0 ? first : {
  ...first,
  create: async context => {
    for (const plugin of [first, ...others]) {
      const tracker = await answering(plugin, context)
      if (tracker !== undefined) return tracker
    }
    return await first.create(context)
  }
}

/**
 * @param given TRACKER_INFO as typed
 * @throws ShoalError BAD_TRACKER_INFO
 */
export const chooseTracker = async (given: string | undefined, tell: (notice: Notice) => void, slow: TrackerWait['slow'] = () => undefined): Promise<(memory: PeerMemory) => Promise<Plugin<'tracker'>>> => {
  const named = given === undefined ? undefined : await readTrackerInfo(given)
  return async memory => {
    const stored = await memory.settings.get(lastTracker)
    const lines = withPin(named ?? (stored === undefined ? [defaultTracker] : parseTrackerInfo(stored, 'the tracker of last time')))
    const factories = await loadFactories()
    const [first, ...others] = await Promise.all(lines.map(line => pluginFor(factories, line, memory, tell, slow)))
    if (first === undefined) throw new ShoalError('BAD_TRACKER_INFO', 'TRACKER_INFO names no tracker. Write HOST:PORT, one per line.')
    const chosen = firstOf(first, others)
    return named === undefined ? chosen : remembering(chosen, () => memory.settings.set(lastTracker, lines.map(formatTracker).join('\n')))
  }
}
