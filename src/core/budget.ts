/**
 * Room for pieces on their way to us. A piece takes its whole size when it is begun and gives it back when it is stored or given up, so a piece that was
 * begun can always be finished. A range that is asked of two peers counts once, because it is kept once.
 *
 * Peers that have not shown that they bring a piece in good time share one half: however many of them dawdle, the other half stays for those who do not.
 */

export interface DownBudget {
  readonly usedBytes: number
  fits (bytes: number, proven: boolean): boolean
  reserve (bytes: number, proven: boolean): void
  release (bytes: number, proven: boolean): void
}

export const downBudget = (limitBytes: number): DownBudget => {
  let used = 0
  let unproven = 0
  return {
    get usedBytes () { return used },
    // with nothing begun, one piece always fits
    fits: (bytes, proven) => used === 0 || (used + bytes <= limitBytes && (proven || unproven === 0 || unproven + bytes <= limitBytes / 2)),
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
