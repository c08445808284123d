/**
 * Who sent bad data. A piece of one sender that fails is proof. Of a piece of several, what each sent is remembered by digest until the piece verifies; then
 * who sent something else is proved, and nobody else. Owns the evidence; what follows from it is in storing.ts.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { equalBytes } from '../contract/index.ts'
import type { PeerId } from '../contract/index.ts'
import type { Part, Range } from './assembly.ts'

interface Statement extends Range { readonly sender: PeerId, readonly digest: Uint8Array }

/** What was sent for a piece that failed, and how often it was tried since, from one peer each time. */
export interface Suspicion { readonly statements: readonly Statement[], attempts: number }

export const suspicion = (parts: readonly Part[]): Suspicion => ({
  statements: parts.map(({ offset, data, sender }) => ({ offset, length: data.byteLength, sender, digest: sha256(data) })),
  attempts: 0
})

/** Digest of a range of a piece whose parts, in order, are cut otherwise. */
const digestOf = (parts: readonly Part[], { offset, length }: Range): Uint8Array => {
  const hash = sha256.create()
  for (const part of parts) {
    const from = Math.max(0, offset - part.offset)
    const to = Math.min(part.data.byteLength, offset + length - part.offset)
    if (from < to) hash.update(part.data.subarray(from, to))
  }
  return hash.digest()
}

/** @param verified the piece's parts in order, verified */
export const liars = ({ statements }: Suspicion, verified: readonly Part[]): Set<PeerId> => {
  const found = new Set<PeerId>()
  for (const statement of statements) {
    if (!found.has(statement.sender) && !equalBytes(digestOf(verified, statement), statement.digest)) found.add(statement.sender)
  }
  return found
}
