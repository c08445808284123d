/**
 * Room for pieces on their way to us. A piece takes its whole size when it is begun and gives it back when it is stored or given up, so a piece that was
 * begun can always be finished. A range that is asked of two peers counts once, because it is kept once.
 *
 * Peers that have not shown that they bring a piece in good time share one half: however many of them dawdle, the other half stays for those who do not.
 */

export interface DownBudget {
  readonly usedBytes: number
  /** Bytes that fit, beside the one piece that always does when nothing is begun. */
  room (proven: boolean): number
  fits (bytes: number, proven: boolean): boolean
  reserve (bytes: number, proven: boolean): void
  release (bytes: number, proven: boolean): void
}

export const downBudget = (limitBytes: number): DownBudget => {
  let used = 0
  let unproven = 0
  const room = (proven: boolean): number => Math.min(limitBytes - used, proven || unproven === 0 ? limitBytes : limitBytes / 2 - unproven)
  return {
    get usedBytes () { return used },
    room,
    // with nothing begun, one piece always fits
    fits: (bytes, proven) => used === 0 || bytes <= room(proven),
    reserve (bytes, proven) {
      used += bytes
      if (!proven) unproven += bytes
    },
    release (bytes, proven) {
      used -= bytes
      if (!proven) unproven -= bytes
    }
  }
}
