/**
 * What waits on a link until its stream takes it, in order. Owns the memory of it: large parts are kept by reference, small messages together in chunks, since
 * alone one of 20 bytes costs 500; so what waits takes little more memory than its bytes, whatever it is made of.
 */
import { Uint8ArrayList } from 'uint8arraylist'

/** A message up to this is small. */
const smallBytes = 512
/** The first chunk behind something large is for a few messages only; the next are for many. */
const firstChunkBytes = 1024
const chunkBytes = 16 * 1024

interface Chunk { readonly bytes: Uint8Array, filled: number }

export interface SendQueue {
  readonly byteLength: number
  push (parts: readonly Uint8Array[]): void
  /** What comes next: as it was given, or several small messages. */
  shift (): Uint8ArrayList | undefined
  clear (): void
}

export const createSendQueue = (): SendQueue => {
  const waiting: (Uint8ArrayList | Chunk)[] = []
  let byteLength = 0

  const gather = (parts: readonly Uint8Array[], size: number): void => {
    const last = waiting.at(-1)
    let chunk = last instanceof Uint8ArrayList ? undefined : last
    if (chunk === undefined || chunk.filled + size > chunk.bytes.byteLength) {
      chunk = { bytes: new Uint8Array(chunk === undefined ? firstChunkBytes : chunkBytes), filled: 0 }
      waiting.push(chunk)
    }
    for (const part of parts) {
      chunk.bytes.set(part, chunk.filled)
      chunk.filled += part.byteLength
    }
  }

  return {
    get byteLength () { return byteLength },
    push (parts) {
      const size = parts.reduce((sum, part) => sum + part.byteLength, 0)
      byteLength += size
      // the only one goes at once, mostly
      if (waiting.length > 0 && size <= smallBytes) gather(parts, size)
      else waiting.push(new Uint8ArrayList(...parts))
    },
    shift () {
      const next = waiting.shift()
      if (next === undefined) return undefined
      const list = next instanceof Uint8ArrayList ? next : new Uint8ArrayList(next.bytes.subarray(0, next.filled))
      byteLength -= list.byteLength
      return list
    },
    clear () {
      waiting.length = 0
      byteLength = 0
    }
  }
}
