/** A client that says on a link whatever a test wants, and keeps what it hears. */
import type { Link, Network } from '../../../src/contract/index.ts'
import { encodeFrame, trackerFrames, trackerProtocol } from '../../../src/contract/api/frames.ts'
import type { ClientFrame, TrackerFrame } from '../../../src/contract/api/frames.ts'

export interface RawClient {
  readonly link: Link
  readonly heard: readonly TrackerFrame[]
  say (...frames: readonly ClientFrame[]): void
  bytes (bytes: Uint8Array): void
  /** A request without a body, as the API takes it. */
  ask (id: number, path: string, token?: string): void
  /** The reply to that request once it has its end: status, the length of its body, its text, and how it ended. */
  reply (id: number): Promise<{ readonly status: number | undefined, readonly length: number, readonly text: string, readonly end: string }>
  /** Resolves with the first frame of that type. */
  frame<T extends TrackerFrame['type']> (type: T): Promise<Extract<TrackerFrame, { type: T }>>
  /** Resolves when the link is over. */
  readonly closed: Promise<Error | undefined>
}

export const rawClient = async (network: Network, address: string): Promise<RawClient> => {
  const link = await network.reach(address, trackerProtocol, AbortSignal.timeout(5_000))
  const heard: TrackerFrame[] = []
  const waiting = new Set<() => void>()
  const closed = Promise.withResolvers<Error | undefined>()
  const reader = trackerFrames()
  link.listen({
    data (chunk) {
      heard.push(...reader.push(chunk))
      for (const look of waiting) look()
    },
    drained () { /* what it says is short */ },
    closed: closed.resolve
  })
  const until = <T>(what: string, look: () => T | undefined): Promise<T> => new Promise((resolve, reject) => {
    const timer = setTimeout(() => { settle(); reject(new Error(`${what} did not come; heard: ${heard.slice(-5).map(({ type }) => type).join(' ')}`)) }, 8_000)
    const settle = (): void => { clearTimeout(timer); waiting.delete(check) }
    const check = (): void => {
      const found = look()
      if (found === undefined) return
      settle()
      resolve(found)
    }
    waiting.add(check)
    check()
  })
  const say: RawClient['say'] = (...frames) => { for (const frame of frames) link.send(encodeFrame(frame)) }
  return {
    link, heard, say, closed: closed.promise,
    bytes: bytes => { link.send([bytes]) },
    ask: (id, path, token) => { say({ type: 'request', id, method: 'GET', path, headers: token === undefined ? [] : [['authorization', `Bearer ${token}`]], body: new Uint8Array() }) },
    reply: id => until(`the end of reply ${id}`, () => {
      const mine = heard.filter(frame => 'id' in frame && frame.id === id)
      const last = mine.at(-1)
      if (last?.type !== 'end' && last?.type !== 'reset') return undefined
      const head = mine.find(frame => frame.type === 'head')
      const parts = mine.flatMap(frame => frame.type === 'body' ? [frame.bytes] : [])
      const text = Buffer.concat(parts).toString()
      return { status: head?.status, length: text.length, text, end: last.type === 'reset' ? last.reason : 'whole' }
    }),
    frame: <T extends TrackerFrame['type']>(type: T) => until(`a frame ${type}`, () => heard.find((frame): frame is Extract<TrackerFrame, { type: T }> => frame.type === type))
  }
}
