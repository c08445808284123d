/**
 * Hashes pieces on threads of their own, so that the event loop stays free. Owns the threads, their memory and the order of the work; which hash, and
 * what a thread is, are given by the plugin (so that this file loads where there are no Node modules).
 *
 * What lies in shared memory is hashed where it is; other payload is copied once, into shared memory that is used again (see the README of integrity-sha256).
 */
import { assert, defaultPieceBytes, ShoalError } from '../contract/index.ts'

/** One hash over all bytes, or with leaves the top of a binary tree over the hashes of leaves. */
export interface Digest {
  /** As `node:crypto` calls it. */
  readonly algorithm: string
  /** Leaves of a tree: `width` of them, a power of two; missing ones are zero bytes. `join` hashes two nodes into the one above. @default `join`: the algorithm of leaves */
  readonly leaves?: { readonly bytes: number, readonly width: number, readonly join?: string }
}

/** `hash` of node:crypto, as far as it is needed: the result as one character per byte, which is the form that costs least. */
export type OneShotHash = (algorithm: string, data: Uint8Array, encoding: 'binary') => string

/** What a pool needs of a thread; a Worker of node:worker_threads is one. */
export interface HashThread {
  postMessage (message: unknown): void
  on (event: 'message', listener: (message: unknown) => void): unknown
  on (event: 'error', listener: (error: unknown) => void): unknown
  ref (): void
  unref (): void
  terminate (): Promise<unknown>
}

export interface HashPoolOptions {
  readonly hash: OneShotHash
  /** The same in a thread: an expression, of a promise or not. @default `hash` of node:crypto */
  readonly hashSource?: string
  /** Starts a thread from its source, a script. */
  readonly start: (source: string) => HashThread
  /** Most threads. */
  readonly threads: number
  /** Up to here hashing takes no more of the main thread than handing it over does. @default 16 KiB */
  readonly inlineBytes?: number
}

export interface HashPool {
  /** The caller leaves the parts alone until the promise resolved. */
  digest (parts: readonly Uint8Array[], digest: Digest): Uint8Array | Promise<Uint8Array>
  readonly threads: number
  /** Starts the threads, so that work which comes soon need not wait for them. */
  prepare (): void
  /** Ends the threads. Work under way is rejected. */
  stop (): Promise<void>
}

/** About 10 µs of SHA-256. */
export const inlineBytes = 16 * 1024
/** Threads with nothing to do for so long are ended. */
const idleMs = 30_000
/** Pieces under way per thread: one is hashed while the next is copied. */
const perThread = 2

/** Uses nothing but its arguments: its source text is run in the threads. */
const digestParts = (hash: OneShotHash, parts: readonly Uint8Array[], { algorithm, leaves }: Digest): Uint8Array => {
  const bytes = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
  if (leaves === undefined) return Uint8Array.from(Buffer.from(hash(algorithm, bytes, 'binary'), 'binary'))
  const count = Math.ceil(bytes.byteLength / leaves.bytes)
  const size = hash(algorithm, new Uint8Array(), 'binary').length
  // the level is folded in place: zeros at first stand for the missing leaves, then for their trees
  const level = Buffer.alloc(leaves.width * size)
  for (let i = 0; i < count; i++) level.write(hash(algorithm, bytes.subarray(i * leaves.bytes, (i + 1) * leaves.bytes), 'binary'), i * size, 'binary')
  for (let width = leaves.width; width > 1; width /= 2) {
    for (let i = 0; i < width / 2; i++) level.write(hash(leaves.join ?? algorithm, level.subarray(2 * i * size, 2 * (i + 1) * size), 'binary'), i * size, 'binary')
  }
  return Uint8Array.from(level.subarray(0, size))
}

interface Job { readonly parts: readonly Uint8Array[], readonly digest: Digest }
interface Done { readonly result: Uint8Array }

/** Uses nothing but its arguments, as above. */
const serve = (port: { on (event: 'message', listener: (job: Job) => void): void, postMessage (done: Done): void }, hash: OneShotHash, work: typeof digestParts): void => {
  port.on('message', ({ parts, digest }) => { port.postMessage({ result: work(hash, parts, digest) }) })
}

const cryptoHash = 'process.getBuiltinModule(\'node:crypto\').hash'
/** What came before it listens waits at the port. A hash that cannot be had ends the thread, which is how the pool hears of it. */
const sourceWith = (hashSource: string): string => `(async () => (${serve.toString()})(
  process.getBuiltinModule('node:worker_threads').parentPort, await (${hashSource}), (${digestParts.toString()})))()`

interface Queued extends Job { readonly settle: PromiseWithResolvers<Uint8Array> }
interface Member { readonly thread: HashThread, readonly underWay: Queued[] }

const isDone = (message: unknown): message is Done =>
  typeof message === 'object' && message !== null && 'result' in message && message.result instanceof Uint8Array

export const hashPool = ({ hash, hashSource = cryptoHash, start, threads, inlineBytes: mostInline = inlineBytes }: HashPoolOptions): HashPool => {
  const isInline = (length: number): boolean => length <= mostInline
  const source = sourceWith(hashSource)
  const members: Member[] = []
  const queue: Queued[] = []
  /** Memory for pieces given in parts, and who waits for it. */
  const free: SharedArrayBuffer[] = []
  const waiting: ((memory: SharedArrayBuffer | undefined) => void)[] = []
  let lent = 0
  let stopped = false
  let idleTimer: ReturnType<typeof setTimeout> | undefined

  const stopping = (): ShoalError => new ShoalError('STOPPED', 'Hashing was stopped. Start the peer again.')
  const failure = (cause: unknown): ShoalError => new ShoalError('BUG', 'A hashing thread ended. Please report it.', { cause })

  const drop = (member: Member, cause: unknown): void => {
    const at = members.indexOf(member)
    if (at >= 0) members.splice(at, 1)
    for (const job of member.underWay.splice(0)) job.settle.reject(failure(cause))
  }

  const rest = async (): Promise<void> => {
    free.length = 0
    await Promise.all(members.splice(0).map(async ({ thread }) => thread.terminate()))
  }

  const addMember = (): Member => {
    const member: Member = { thread: start(source), underWay: [] }
    member.thread.unref()
    member.thread.on('message', message => {
      const job = member.underWay.shift()
      if (job === undefined) return // stopped meanwhile
      assert(isDone(message), 'a hashing thread answers with a hash')
      if (member.underWay.length === 0) member.thread.unref()
      job.settle.resolve(message.result)
      advance()
    })
    member.thread.on('error', error => { drop(member, error); advance() })
    members.push(member)
    return member
  }

  const nextMember = (): Member | undefined => {
    const idle = members.find(({ underWay }) => underWay.length === 0)
    if (idle !== undefined) return idle
    if (members.length < threads) return addMember()
    return members.reduce<Member | undefined>((least, member) =>
      member.underWay.length < Math.min(perThread, least?.underWay.length ?? perThread) ? member : least, undefined)
  }

  /** Hands out what waits; a thread keeps the process alive only while it has work. */
  const advance = (): void => {
    clearTimeout(idleTimer)
    for (let job = queue[0]; job !== undefined; job = queue[0]) {
      const member = nextMember()
      if (member === undefined) return
      queue.shift()
      if (member.underWay.length === 0) member.thread.ref()
      member.underWay.push(job)
      member.thread.postMessage({ parts: job.parts, digest: job.digest } satisfies Job)
    }
    if (members.every(({ underWay }) => underWay.length === 0)) {
      idleTimer = setTimeout(() => { void rest() }, idleMs)
      idleTimer.unref()
    }
  }

  const run = async (job: Job): Promise<Uint8Array> => {
    if (stopped) throw stopping()
    const settle = Promise.withResolvers<Uint8Array>()
    queue.push({ ...job, settle })
    advance()
    return settle.promise
  }

  const borrow = async (length: number): Promise<SharedArrayBuffer> => {
    const mine = lent++ < threads * perThread ? free.pop() : await new Promise<SharedArrayBuffer | undefined>(resolve => { waiting.push(resolve) })
    return mine !== undefined && mine.byteLength >= length ? mine : new SharedArrayBuffer(length)
  }
  const giveBack = (memory: SharedArrayBuffer): void => {
    lent--
    const next = waiting.shift()
    if (next !== undefined) next(memory)
    else free.push(memory)
  }

  const copied = async (parts: readonly Uint8Array[], length: number, digest: Digest): Promise<Uint8Array> => {
    const memory = await borrow(length)
    try {
      const copy = new Uint8Array(memory, 0, length)
      let at = 0
      for (const part of parts) { copy.set(part, at); at += part.byteLength }
      return await run({ parts: [copy], digest })
    } finally { giveBack(memory) }
  }

  return {
    threads,
    prepare () {
      while (!stopped && !isInline(defaultPieceBytes) && members.length < threads) addMember()
      advance()
    },
    digest (parts, digest) {
      const length = parts.reduce((sum, part) => sum + part.byteLength, 0)
      if (isInline(length)) return digestParts(hash, parts, digest)
      return parts.every(({ buffer }) => buffer instanceof SharedArrayBuffer) ? run({ parts, digest }) : copied(parts, length, digest)
    },
    async stop () {
      stopped = true
      clearTimeout(idleTimer)
      for (const { settle } of [...queue.splice(0), ...members.flatMap(({ underWay }) => underWay.splice(0))]) settle.reject(stopping())
      await rest()
    }
  }
}
