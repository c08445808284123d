/** What the transport suite does with a link: sends a known stream of bytes and holds what arrives against it. Owns no case. */
import assert from 'node:assert/strict'
import { equalBytes } from '../contract/index.ts'
import type { Link } from '../contract/index.ts'

/** A prime number of bytes from a fixed xorshift: no piece of it repeats at a power of two, where buffers do. */
const pattern = ((): Uint8Array => {
  const bytes = new Uint8Array(65_521)
  let state = 0x9e3779b9
  for (let i = 0; i < bytes.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = state & 0xff
  }
  return bytes
})()

/** The bytes of the known stream from `at` on. */
export const known = (at: number, length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length;) {
    const from = (at + done) % pattern.length
    const part = pattern.subarray(from, from + length - done)
    bytes.set(part, done)
    done += part.length
  }
  return bytes
}

/** @returns what the promise gives; rejects with that fact when it takes longer */
export const within = async <T>(deadlineMs: number, fact: string, promise: Promise<T>): Promise<T> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => { reject(new Error(`Waited ${deadlineMs} ms in vain: ${fact}.`)) }, deadlineMs)
  })
  try { return await Promise.race([promise, late]) } finally { clearTimeout(timer) }
}

/** The one reader of a link. Throws nothing by itself: what is wrong with the bytes is in `fault`, and every wait tells it. */
export interface Ear {
  readonly link: Link
  readonly heardBytes: number
  readonly fault: string | undefined
  /** Every end that was told: there must be one. */
  readonly ends: readonly (Error | undefined)[]
  /** Waits until so many bytes of the known stream came. */
  heard (bytes: number): Promise<void>
  /** Waits for the end. */
  ended (): Promise<Error | undefined>
  /** Sends the next bytes of the known stream. */
  say (bytes: number): boolean
  /** Sends so many bytes in parts, and waits whenever it is told to. */
  sayAll (bytes: number, partBytes?: number): Promise<void>
  /** What `sayAll` gave to the link so far. */
  readonly saidBytes: number
}

export interface EarOptions {
  readonly deadlineMs: number
  /** Called for each chunk, after it was compared. */
  readonly onData?: (chunk: Uint8Array) => void
}

export const listenTo = (link: Link, { deadlineMs, onData }: EarOptions): Ear => {
  let heardBytes = 0
  let saidBytes = 0
  let fault: string | undefined
  const ends: (Error | undefined)[] = []
  const waits = new Set<() => void>()
  const changed = (): void => { for (const look of [...waits]) look() }
  let drains = 0

  /** Looks whenever something happens, so that nothing is polled. */
  const until = (fact: string, isSo: () => boolean): Promise<void> => within(deadlineMs, fact, new Promise((resolve, reject) => {
    const look = (): void => {
      if (fault !== undefined) reject(new Error(fault))
      else if (isSo()) resolve()
      else if (ends.length > 0) reject(new Error(`The link ended before this: ${fact}. ${String(ends[0])}`))
      else return
      waits.delete(look)
    }
    waits.add(look)
    look()
  }))

  link.listen({
    data (chunk) {
      if (ends.length > 0) fault ??= 'Bytes came after the end was told.'
      if (!equalBytes(chunk, known(heardBytes, chunk.byteLength))) fault ??= `The bytes from ${heardBytes} on are not those that were sent.`
      heardBytes += chunk.byteLength
      onData?.(chunk)
      changed()
    },
    drained () { drains++; changed() },
    closed (error) { ends.push(error); changed() }
  })

  const say = (bytes: number): boolean => {
    const more = link.send([known(saidBytes, bytes)])
    saidBytes += bytes
    return more
  }

  return {
    link, ends, say,
    get heardBytes () { return heardBytes },
    get saidBytes () { return saidBytes },
    get fault () { return fault },
    heard: async bytes => {
      await until(`${bytes} bytes arrive (${heardBytes} came)`, () => heardBytes >= bytes)
      assert.equal(heardBytes, bytes, 'no byte too many arrives')
    },
    ended: async () => {
      await until('the end is told', () => ends.length > 0)
      return ends[0]
    },
    async sayAll (bytes, partBytes = 256 * 1024) {
      for (const end = saidBytes + bytes; saidBytes < end;) {
        const before = drains
        if (!say(Math.min(partBytes, end - saidBytes)) && saidBytes < end) await until('the send queue drains', () => drains > before)
      }
    }
  }
}
