/** A Tracker on another machine, over any carriage. The password never leaves this process, and nothing secret leaves it before the realm was checked. */
import type { RealmPin, Tracker, UserName } from '../../contract/index.ts'
import * as api from '../../contract/api/index.ts'
import { loginStatement } from '../../core/vouch.ts'
import type { Carriage } from './carriage.ts'
import { createClient } from './client.ts'
import type { TrackerApi } from './client.ts'
import { realmCheck } from './realm-check.ts'
import type { RealmCheck } from './realm-check.ts'
import { remoteSession } from './session.ts'

/** What a carriage needs to check that a channel ends at the right tracker. */
export interface CarriageParts {
  readonly api: TrackerApi
  readonly where: string
  readonly check: RealmCheck
  /** For each of: connecting, proving. */
  readonly timeoutMs: number
}

export interface RemoteTrackerOptions {
  /** Where it is, for people. */
  readonly where: string
  /** Hex SHA-256 of the realm key. @default the key that is shown first, which is then kept to */
  readonly pin: RealmPin | undefined
  /** Told the pin when there was none. Nothing is sent before it resolves. */
  readonly onFirstPin: ((pin: RealmPin) => Promise<void> | void) | undefined
  /** Told when a request that somebody waits for has had no answer for 2 s. */
  readonly onSlow?: (() => void) | undefined
  /** For one request, milliseconds. */
  readonly timeoutMs: number
  readonly carriage: (parts: CarriageParts) => Carriage
}

export const remoteTracker = ({ where, pin, onFirstPin, onSlow, timeoutMs, carriage }: RemoteTrackerOptions): Tracker => {
  const check = realmCheck({ where, pin, onFirstPin })
  const client = createClient({ api, where, check, onSlow, timeoutMs, carriage: carriage({ api, where, check, timeoutMs }) })
  return {
    where,
    realm: signal => client.realm(signal),
    async register (user, password, signal) {
      const parameters = await client.call('passwordParameters', {}, { signal })
      await client.call('register', { user: user.normalize('NFC'), parameters, key: await api.derivePassword(password, parameters) }, { signal })
    },
    async login (user, password, device, signal) {
      const { pin: realm } = await client.realm(signal)
      const name = user.normalize('NFC')
      const key = await api.derivePassword(password, await client.call('passwordParameters', { user: name }, { signal }))
      const at = Date.now()
      const signature = await device.sign(loginStatement(realm, name, device.peer, at))
      const { token, vouch, relays = [], stun = [] } = await client.call('login', { user: name, key, device: device.peer, at, signature }, { signal })
      return remoteSession(client, { user: name as UserName, device: device.peer, token, vouch, relays, stun })
    },
    stop () {
      client.stop()
      return Promise.resolve()
    }
  }
}
