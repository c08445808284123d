/**
 * Cuts a stream of bytes into pieces and has each hashed on a pool, in order and in bounded memory: as many pieces as the pool has threads, and one more.
 * Owns the cutting and the back-pressure; what a seal is made of is the scheme's.
 */
import { pieceBytes, pieceCount, ShoalError } from '../contract/index.ts'
import type { Layout, PieceIndex, Seal, Sealer } from '../contract/index.ts'
import type { Digest, HashPool } from './hash-pool.ts'

export interface PieceSealerOptions {
  readonly layout: Layout
  readonly pool: HashPool
  readonly hashBytes: number
  readonly digest: (piece: PieceIndex) => Digest
  /** Makes the seal of all piece hashes. */
  readonly seal: (hashes: Uint8Array) => Promise<Seal>
}

/** A page has shared memory only when it is isolated from other sites. */
const memory = (bytes: number): ArrayBufferLike => typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes)

export const pieceSealer = ({ layout, pool, hashBytes, digest, seal }: PieceSealerOptions): Sealer => {
  const pieces = pieceCount(layout)
  const hashes = new Uint8Array(pieces * hashBytes)
  const free = Array.from({ length: Math.min(pieces, pool.threads + 1) }, () => memory(pieceBytes(layout, 0)))
  const underWay = new Set<Promise<void>>()
  let failed: { readonly error: unknown } | undefined
  let filling: ArrayBufferLike | undefined
  let filled = 0
  let piece = 0
  let pushed = 0
  let last: Promise<void> = Promise.resolve()

  const begin = (memory: ArrayBufferLike, index: PieceIndex, length: number): void => {
    const done = Promise.resolve(pool.digest([new Uint8Array(memory, 0, length)], digest(index))).then(
      hash => { hashes.set(hash, index * hashBytes) },
      (error: unknown) => { failed ??= { error } }
    ).then(() => { underWay.delete(done); free.push(memory) })
    underWay.add(done)
  }

  const take = async (bytes: Uint8Array): Promise<void> => {
    pushed += bytes.byteLength
    let at = 0
    while (at < bytes.byteLength && piece < pieces) {
      for (filling ??= free.pop(); filling === undefined; filling = free.pop()) await Promise.race(underWay)
      if (failed !== undefined) throw failed.error
      const wanted = pieceBytes(layout, piece)
      const part = bytes.subarray(at, at + wanted - filled)
      new Uint8Array(filling).set(part, filled)
      at += part.byteLength
      filled += part.byteLength
      if (filled < wanted) continue
      begin(filling, piece++, wanted)
      filling = undefined
      filled = 0
    }
  }

  return {
    async push (bytes) {
      // pushes that were not awaited still keep their order
      last = last.then(async () => take(bytes))
      return last
    },
    async finish () {
      await last
      await Promise.all(underWay)
      if (failed !== undefined) throw failed.error
      if (pushed !== layout.length) {
        throw new ShoalError('INTEGRITY', `${pushed} bytes came where ${layout.length} were to be sealed. The file changed meanwhile: share it again.`)
      }
      return seal(hashes)
    }
  }
}
