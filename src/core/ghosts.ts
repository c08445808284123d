/**
 * Answers that are still to come to orders for pieces that were given up meanwhile: the content was dropped, or failed. Were it taken up again, such an answer
 * could be taken for that to a later order, and unverified data for verified. So the first answer after it is not believed, and the piece is ordered again.
 */
import type { ContentId, PieceIndex } from '../contract/index.ts'
import type { Core } from './core.ts'

export type Ordered = 'verifying' | 'storing'

const keyOf = (content: ContentId, piece: PieceIndex, ordered: Ordered): string => `${ordered} ${content} ${piece}`

export const leaveGhost = (core: Core, content: ContentId, piece: PieceIndex, ordered: Ordered): void => {
  const key = keyOf(content, piece, ordered)
  core.ghosts.set(key, (core.ghosts.get(key) ?? 0) + 1)
}

/** An answer came. @returns whether it may be to an order that was given up */
export const layGhost = (core: Core, content: ContentId, piece: PieceIndex, ordered: Ordered): boolean => {
  const key = keyOf(content, piece, ordered)
  const left = core.ghosts.get(key) ?? 0
  if (left > 1) core.ghosts.set(key, left - 1)
  else core.ghosts.delete(key)
  return left > 0
}
