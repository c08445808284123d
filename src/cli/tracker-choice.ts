/** Which tracker a peer goes to: the one that is named, else that of last time, else the default; and whether its realm key is the one known. */
import { ShoalError } from '../contract/index.ts'
import type { ErrorCode, Plugin, Tracker } from '../contract/index.ts'
import { formatHostPort } from '../network/addresses.ts'
import type { PeerMemory } from '../shoal.ts'
import type { Notice } from './notices.ts'
import { defaultTracker, formatTracker, parseTrackerInfo, readTrackerInfo } from './tracker-info.ts'
import type { TrackerLine } from './tracker-info.ts'

const lastTracker = 'tracker'
/** To find out which of several trackers answers. */
const answerMs = 3000

type Factory = typeof import('shoal/plugins/tracker-http').default

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

const answers = async (plugin: Plugin<'tracker'>): Promise<boolean> => {
  const tracker = await plugin.create({ log: () => undefined })
  try {
    await tracker.realm(AbortSignal.timeout(answerMs))
    return true
  } catch (error) {
    if (ShoalError.is(error, 'TRACKER_KEY_CHANGED')) throw error
    return false
  } finally { await tracker.stop() }
}

const pluginFor = async (http: Factory, line: TrackerLine, { pins }: PeerMemory, tell: (notice: Notice) => void): Promise<Plugin<'tracker'>> => {
  const { host, port, pin: given } = line
  if (port === 0) throw new ShoalError('BAD_TRACKER_INFO', `The tracker ${formatHostPort(line)} has no port. Write the port that it listens on.`)
  const address = formatHostPort(line)
  const where = { host, port }
  if (given !== undefined) return remembering(http({ where, pin: given }), () => pins.set(address, given))
  const known = await pins.get(address)
  if (known !== undefined) return http({ where, pin: known })
  return http({
    where,
    onFirstPin: async pin => {
      await pins.set(address, pin)
      tell({ level: 'warning', text: `the tracker ${address} is trusted as it is seen for the first time; to be sure, compare with what it printed: sha256=${pin}` })
    }
  })
}

/**
 * @param given TRACKER_INFO as typed
 * @throws ShoalError BAD_TRACKER_INFO
 */
export const chooseTracker = async (given: string | undefined, tell: (notice: Notice) => void): Promise<(memory: PeerMemory) => Promise<Plugin<'tracker'>>> => {
  const named = given === undefined ? undefined : await readTrackerInfo(given)
  return async memory => {
    const stored = await memory.settings.get(lastTracker)
    const lines = withPin(named ?? (stored === undefined ? [defaultTracker] : parseTrackerInfo(stored, 'the tracker of last time')))
    const { default: http } = await import('shoal/plugins/tracker-http')
    const plugins: Plugin<'tracker'>[] = []
    for (const line of lines) plugins.push(await pluginFor(http, line, memory, tell))
    let chosen: Plugin<'tracker'> | undefined
    if (plugins.length > 1) for (const plugin of plugins) if (chosen === undefined && await answers(plugin)) chosen = plugin
    chosen ??= plugins[0]
    if (chosen === undefined) throw new ShoalError('BAD_TRACKER_INFO', 'TRACKER_INFO names no tracker. Write HOST:PORT, one per line.')
    return named === undefined ? chosen : remembering(chosen, () => memory.settings.set(lastTracker, lines.map(formatTracker).join('\n')))
  }
}
