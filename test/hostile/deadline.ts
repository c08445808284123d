/** Waiting under a deadline: for a promise, or for a condition. What did not come in time is an error that names it. */

/** Generous: a hang fails, a busy machine does not. */
export const deadlineMs = 15_000

export const within = async <T>(ms: number, what: string, promise: Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => { late.reject(new Error(`Not within ${ms} ms: ${what}.`)) }, ms)
  try { return await Promise.race([promise, late.promise]) } finally { clearTimeout(timer) }
}

const lookMs = 5

/** For what tells nobody when it changes. */
export const until = async (what: string, holds: () => boolean, ms = deadlineMs): Promise<void> => {
  let isLate = false
  const look = async (): Promise<void> => { while (!isLate && !holds()) await new Promise(resolve => { setTimeout(resolve, lookMs) }) }
  try { await within(ms, what, look()) } finally { isLate = true }
}
