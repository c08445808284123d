/** A tracker on another machine, over HTTPS. The password never leaves this process, and nothing secret leaves it before the realm was checked. */
import { isIP } from 'node:net'
import { definePlugin, derivePassword, integerOption, isHash, knownOptions, loginStatement, ShoalError, trackerApi } from 'shoal/plugin'
import type { RealmPin, Tracker, UserName } from 'shoal/plugin'
import { trackerClient } from './client.ts'
import { realmCheck } from './realm-check.ts'
import { httpSession } from './session.ts'

export interface HttpTrackerOptions {
  readonly where: { readonly host: string, readonly port: number }
  /** Hex SHA-256 of the realm key. @default the key that is shown first, which is then kept to */
  readonly pin?: RealmPin
  /** Told the pin when there was none: keep it, and warn. Nothing is sent before it resolves. */
  readonly onFirstPin?: (pin: RealmPin) => Promise<void> | void
  /** For one request, milliseconds. @default 10,000 */
  readonly timeoutMs?: number
}

const checked = (options: HttpTrackerOptions): HttpTrackerOptions & { readonly timeoutMs: number } => {
  knownOptions('tracker-http', options, ['where', 'pin', 'onFirstPin', 'timeoutMs'])
  const { where, pin } = options as Partial<HttpTrackerOptions>
  if (where === undefined || where.host === '' || !Number.isInteger(where.port) || where.port < 1 || where.port > 65_535) {
    throw new ShoalError('BAD_OPTION', 'Cannot use tracker-http: it is not said where the tracker is. Give { where: { host, port } }.')
  }
  if (pin !== undefined && !isHash(pin)) throw new ShoalError('BAD_OPTION', 'Cannot use tracker-http: the pin is not 64 lower-case hex digits. Give the #sha256= part that the tracker printed.')
  return { ...options, timeoutMs: integerOption('tracker-http', 'timeoutMs', options.timeoutMs, { min: 100, max: 600_000, otherwise: 10_000 }) }
}

/** @throws ShoalError BAD_OPTION */
export const httpTracker = async (options: HttpTrackerOptions): Promise<Tracker> => {
  const { where: { host, port }, pin, onFirstPin, timeoutMs } = checked(options)
  const where = `https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
  const check = realmCheck({ where, pin, onFirstPin })
  const client = trackerClient({ api: await trackerApi(), where, host, port, check, timeoutMs })
  return {
    where,
    realm: signal => client.realm(signal),
    async register (user, password, signal) {
      const parameters = await client.call('passwordParameters', {}, { signal })
      await client.call('register', { user: user.normalize('NFC'), parameters, key: await derivePassword(password, parameters) }, { signal })
    },
    async login (user, password, device, signal) {
      const { pin: realm } = await client.realm(signal)
      const name = user.normalize('NFC')
      const key = await derivePassword(password, await client.call('passwordParameters', { user: name }, { signal }))
      const at = Date.now()
      const signature = await device.sign(loginStatement(realm, name, device.peer, at))
      const { token, vouch } = await client.call('login', { user: name, key, device: device.peer, at, signature }, { signal })
      return httpSession(client, { user: name as UserName, device: device.peer, token, vouch })
    },
    stop () {
      client.stop()
      return Promise.resolve()
    }
  }
}

export default definePlugin('tracker', 'http', (options: HttpTrackerOptions) => httpTracker(options))
