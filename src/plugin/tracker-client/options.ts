/** The options that all plugins for trackers elsewhere have in common, checked: they may come from untyped code. */
import { isHash, ShoalError } from '../../contract/index.ts'
import type { RealmPin } from '../../contract/index.ts'
import { integerOption, knownOptions } from '../options.ts'

export interface TrackerOptions<W> {
  readonly where: W
  /** Hex SHA-256 of the realm key. @default the key that is shown first, which is then kept to */
  readonly pin?: RealmPin
  /** Told the pin when there was none: keep it, and warn. Nothing is sent before it resolves. */
  readonly onFirstPin?: (pin: RealmPin) => Promise<void> | void
  /** Told when a request that somebody waits for has had no answer for 2 s. It goes on waiting. */
  readonly onSlow?: () => void
  /** For one request, milliseconds. @default 10,000 */
  readonly timeoutMs?: number
}

/**
 * All but `where`, which is the plugin's own.
 * @param plugin as users know it, such as `tracker-http`
 * @throws ShoalError BAD_OPTION
 */
export const trackerOptions = <W>(plugin: string, options: TrackerOptions<W>): { readonly pin: RealmPin | undefined, readonly onFirstPin: TrackerOptions<W>['onFirstPin'], readonly onSlow: TrackerOptions<W>['onSlow'], readonly timeoutMs: number } => {
  knownOptions(plugin, options, ['where', 'pin', 'onFirstPin', 'onSlow', 'timeoutMs'])
  const { pin, onFirstPin, onSlow } = options
  if (pin !== undefined && !isHash(pin)) throw new ShoalError('BAD_OPTION', `Cannot use ${plugin}: the pin is not 64 lower-case hex digits. Give the #sha256= part that the tracker printed.`)
  return { pin, onFirstPin, onSlow, timeoutMs: integerOption(plugin, 'timeoutMs', options.timeoutMs, { min: 100, max: 600_000, otherwise: 10_000 }) }
}
