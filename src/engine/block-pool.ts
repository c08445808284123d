/**
 * Memory of blocks that were stored, for those to come: a download that moves gigabytes leaves no garbage of blocks. Blocks that end otherwise (bad, late, of a link
 * that broke) are left to the collector. Owns the bound of what it keeps.
 */

export interface BlockPool {
  /** Exactly that many bytes, with whatever was in them. */
  take (length: number): Uint8Array
  /** Nobody uses these any more. */
  give (blocks: readonly Uint8Array[]): void
}

/** Shared with the threads that hash, where memory can be: they need no copy. What is small costs more to share than to copy. */
const allocate = (length: number): Uint8Array =>
  new Uint8Array(length < leastBytes || typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(length) : new SharedArrayBuffer(length))

const mostBytes = 16 * 1024 * 1024
/** Smaller ones cost more to keep than to make. */
const leastBytes = 16 * 1024

export const createBlockPool = (): BlockPool => {
  const byLength = new Map<number, Uint8Array[]>()
  let keptBytes = 0
  return {
    take (length) {
      const block = byLength.get(length)?.pop()
      if (block === undefined) return allocate(length)
      keptBytes -= length
      return block
    },
    give (blocks) {
      for (const block of blocks) {
        const { byteLength } = block
        // a view of a part of something larger is not ours to hand out
        if (byteLength < leastBytes || byteLength !== block.buffer.byteLength) continue
        if (keptBytes + byteLength > mostBytes) { byLength.clear(); keptBytes = 0 }
        const same = byLength.get(byteLength)
        if (same === undefined) byLength.set(byteLength, [block])
        else same.push(block)
        keptBytes += byteLength
      }
    }
  }
}
