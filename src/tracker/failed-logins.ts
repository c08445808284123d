/** Counts failed logins, and only those: however many succeed from one address, they are never limited. In memory: a restart forgives. */
import { ShoalError } from '../contract/index.ts'
import type { Clock } from './clock.ts'
import { failedLoginLimits } from './limits.ts'
import { keyedQueue } from './queue.ts'

export interface FailedLogins {
  /**
   * Runs one attempt, unless too many failed. Attempts from one address run one after another, so that many at once cannot all slip in before the
   * first was counted. An attempt that throws WRONG_PASSWORD has failed.
   * @throws TOO_MANY_ATTEMPTS without running it
   */
  attempt<T> (from: string, user: string, login: () => Promise<T>): Promise<T>
}

export interface FailedLoginLimits { readonly windowMs: number, readonly perUser: number, readonly perAddress: number }

const maxKept = 10_000

export const failedLogins = (clock: Clock, { windowMs, perUser, perAddress }: FailedLoginLimits = failedLoginLimits): FailedLogins => {
  /** Times of failures, oldest first, by address and by (address, user). */
  const failures = new Map<string, number[]>()
  const queue = keyedQueue()

  const recent = (key: string): number[] => {
    const since = clock.now() - windowMs
    return (failures.get(key) ?? []).filter(time => time > since)
  }

  const count = (key: string): void => {
    const times = [...recent(key), clock.now()]
    failures.delete(key)
    failures.set(key, times)
    if (failures.size <= maxKept) return
    for (const old of failures.keys()) if (recent(old).length === 0 || failures.size > maxKept) failures.delete(old); else break
  }

  return {
    attempt: async (from, user, login) => await queue.run(from, async () => {
      const ofUser = `${from} ${user}`
      if (recent(ofUser).length >= perUser || recent(from).length >= perAddress) {
        throw new ShoalError('TOO_MANY_ATTEMPTS', 'Cannot log in: too many logins from this address failed. Wait a minute, then try again.')
      }
      try { return await login() } catch (error) {
        if (ShoalError.is(error, 'WRONG_PASSWORD')) { count(ofUser); count(from) }
        throw error
      }
    })
  }
}
