/** A word to who waits for a tracker that does not answer. Owns when it is said: while a command runs, and once for each. */
import type { Notice } from './notices.ts'

export interface TrackerWait {
  /** The tracker has owed an answer for a while. */
  slow (tracker: string): void
  /** While this work is done, somebody waits. */
  during<T> (work: Promise<T>): Promise<T>
}

export const trackerWait = (tell: (notice: Notice) => void): TrackerWait => {
  let running = 0
  let isSaid = false
  return {
    slow (tracker) {
      if (running === 0 || isSaid) return
      isSaid = true
      tell({ level: 'warning', text: `the tracker ${tracker} does not answer yet; waiting for it` })
    },
    async during (work) {
      if (running++ === 0) isSaid = false
      try { return await work } finally { running-- }
    }
  }
}
