/** Ending takes no longer than a person waits: what was acknowledged is durable already. */

/** A process that is told to end is gone within 5 s. */
const closeMs = 4000

/** The work, or not more than 4 s of it. */
export const inTime = async (work: Promise<unknown>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(resolve => { timer = setTimeout(resolve, closeMs) })
  try { await Promise.race([work, late]) } finally { clearTimeout(timer) }
}
