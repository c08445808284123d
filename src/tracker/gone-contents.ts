/**
 * The last contents of a group that lost their last share, oldest first: running downloads of them may go on while they have sources. Kept and changed
 * as bytes, because it is rewritten with each content that goes.
 */
import { toHex } from '../contract/index.ts'
import type { ContentId } from '../contract/index.ts'
import { hashBytes } from '../core/signed.ts'
import { trackerLimits } from './limits.ts'
import { recordForm } from './record.ts'

const idBytes = 32

/** Ids one after another. */
export const goneForm = recordForm<Uint8Array>((writer, ids) => writer.bytes16(ids), reader => reader.bytes16().slice())

/** Where an id begins; -1: nowhere. */
const find = (ids: Uint8Array, id: Uint8Array): number => {
  const text = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength)
  let at = text.indexOf(id)
  while (at % idBytes > 0) at = text.indexOf(id, at + 1)
  return at
}

/** With more of them at the end, each once, and the oldest forgotten. */
export const withGone = (ids: Uint8Array, contents: readonly ContentId[]): Uint8Array => {
  let all = ids
  for (const id of contents.map(hashBytes)) {
    const at = find(all, id)
    all = Buffer.concat([...at === -1 ? [all] : [all.subarray(0, at), all.subarray(at + idBytes)], id])
  }
  return Uint8Array.from(all.subarray(Math.max(0, all.byteLength - trackerLimits.goneContentsPerGroup * idBytes)))
}

/** Which of the contents are among them. */
export const amongGone = (ids: Uint8Array, contents: ReadonlySet<ContentId>): readonly ContentId[] => {
  // one after another where they are few, else by a walk over all
  if (contents.size <= 20) return [...contents].filter(content => find(ids, hashBytes(content)) !== -1)
  return Array.from({ length: ids.byteLength / idBytes }, (_, i) => toHex(ids.subarray(i * idBytes, (i + 1) * idBytes)) as ContentId).filter(content => contents.has(content))
}
