/** A Tracker in this very process: hands each call to a tracker service that it was given. Owns only what a client does: deriving the key, signing the login. */
import { definePlugin, derivePassword, knownOptions, loginStatement, ShoalError } from 'shoal/plugin'
import type { Tracker, TrackerService } from 'shoal/plugin'

export interface LocalTrackerOptions {
  /** The service, such as `createTrackerService({ state })` gives. Stopped by whoever made it, not by this. */
  readonly service: TrackerService
  /** Where this client calls from, for the limit on failed logins. @default 'local' */
  readonly from?: string
  /** Unix time in milliseconds, as the login says it. @default Date.now */
  readonly now?: () => number
}

export const localTracker = (options: LocalTrackerOptions): Tracker => {
  knownOptions('tracker-local', options, ['service', 'from', 'now'])
  const { service, from = 'local', now = Date.now } = options
  if (!isService(service)) throw new ShoalError('BAD_OPTION', 'tracker-local needs the option service: a tracker service of this process. For one elsewhere use tracker-http.')
  return {
    where: 'local',
    realm (signal) {
      signal?.throwIfAborted()
      return Promise.resolve(service.realm)
    },
    async register (user, password, signal) {
      const parameters = service.newPasswordParameters()
      const key = await derivePassword(password, parameters)
      signal?.throwIfAborted()
      await service.register(user.normalize('NFC'), parameters, key)
    },
    async login (user, password, device, signal) {
      const name = user.normalize('NFC')
      const key = await derivePassword(password, await service.passwordParameters(name))
      const at = now()
      const signature = await device.sign(loginStatement(service.realm.pin, name, device.peer, at))
      signal?.throwIfAborted()
      const { token, relays = [], stun = [] } = await service.login({ user: name, key, device: device.peer, at, signature }, from)
      return { ...await service.resume(token), relays, stun }
    },
    stop: () => Promise.resolve()
  }
}

/** Options may come from untyped code. */
const isService = (value: Partial<TrackerService> | undefined): boolean => typeof value?.resume === 'function' && value.realm !== undefined

export default definePlugin('tracker', 'local', localTracker)
