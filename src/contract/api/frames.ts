/**
 * The tracker's API as frames of one link: requests and replies with a number each, so that many of them, and streams of events, share one connection.
 * Owns the bytes and every length; the calls are those of calls.ts. Pure, and made for strangers' bytes: a length is checked before anything is allocated.
 */
import { byteReader, byteWriter, MalformedError } from '../binary.ts'
import type { ByteReader } from '../binary.ts'
import { maxBodyBytes } from './limits.ts'

/** The libp2p protocol that carries them. */
export const trackerProtocol = '/shoal/tracker/1'

/** Requests that one link may have open. */
export const maxOpenRequests = 32
/** Bytes of one reply's body that may be sent before the client has granted more. */
export const windowBytes = 1024 * 1024
/** Bytes of a body in one frame. */
export const maxChunkBytes = 64 * 1024
/** Method, path and headers of a request, or the headers of a reply. */
export const maxHeadBytes = 16 * 1024
const maxReasonBytes = 1024

export type Headers = readonly (readonly [name: string, value: string])[]

export interface RequestFrame { readonly type: 'request', readonly id: number, readonly method: string, readonly path: string, readonly headers: Headers, readonly body: Uint8Array }
export interface HeadFrame { readonly type: 'head', readonly id: number, readonly status: number, readonly headers: Headers }

export type ClientFrame =
  | RequestFrame
  /** The reply is not wanted any more. It still gets its end. */
  | { readonly type: 'cancel', readonly id: number }
  /** So many more bytes of the body may be sent. */
  | { readonly type: 'grant', readonly id: number, readonly bytes: number }
  | Goodbye

export type TrackerFrame =
  | HeadFrame
  | { readonly type: 'body', readonly id: number, readonly bytes: Uint8Array }
  | { readonly type: 'end', readonly id: number }
  /** The reply ends here and is not whole. */
  | { readonly type: 'reset', readonly id: number, readonly reason: string }
  | Goodbye

/** The last frame of who ends the link, with why. Its id is 0. */
export interface Goodbye { readonly type: 'goodbye', readonly reason: string }

export type Frame = ClientFrame | TrackerFrame
type Type = Frame['type']

/** Known types are even. Others that are odd are skipped, so that a later version may say more; others that are even end the link. */
export const frameCodes = { request: 2, cancel: 4, grant: 6, head: 8, body: 10, end: 12, reset: 14, goodbye: 16 } as const satisfies Record<Type, number>
const maxima: Readonly<Record<Type, number>> = {
  request: maxHeadBytes + maxBodyBytes, cancel: 0, grant: 4, head: maxHeadBytes, body: maxChunkBytes, end: 0, reset: maxReasonBytes, goodbye: maxReasonBytes
}
const maxUnknownBytes = 64 * 1024
/** `type u8, id u32, length u32`. */
const headerBytes = 9

const withHeaders = (writer: ReturnType<typeof byteWriter>, headers: Headers): Uint8Array => {
  writer.u8(headers.length)
  for (const [name, value] of headers) writer.text16(name).text16(value)
  return writer.finish()
}

const reasonBytes = (reason: string): Uint8Array => {
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(maxReasonBytes))
  return new TextEncoder().encode(reason.slice(0, read))
}

const payloadOf = (frame: Frame): readonly Uint8Array[] => {
  switch (frame.type) {
    case 'request': return [byteWriter(512).bytes16(withHeaders(byteWriter(512).text16(frame.method).text16(frame.path), frame.headers)).finish(), frame.body]
    case 'grant': return [byteWriter(4).u32(frame.bytes).finish()]
    case 'head': return [withHeaders(byteWriter(128).u16(frame.status), frame.headers)]
    case 'body': return [frame.bytes]
    case 'reset': case 'goodbye': return [reasonBytes(frame.reason)]
    case 'cancel': case 'end': return []
  }
}

/** The parts to send, in order. @throws RangeError for what is above its limit, such as a request with too long a body */
export const encodeFrame = (frame: Frame): readonly Uint8Array[] => {
  const payload = payloadOf(frame)
  const length = payload.reduce((sum, part) => sum + part.byteLength, 0)
  if (length > maxima[frame.type]) throw new RangeError(`A ${frame.type} has at most ${maxima[frame.type]} bytes, not ${length}.`)
  return [byteWriter(headerBytes).u8(frameCodes[frame.type]).u32('id' in frame ? frame.id : 0).u32(length).finish(), ...payload.filter(part => part.byteLength > 0)]
}

const readHeaders = (reader: ByteReader): Headers =>
  Array.from({ length: reader.u8() }, () => [reader.text16(), reader.text16()] as const)

const readRequest = (id: number, reader: ByteReader): RequestFrame => {
  const head = byteReader(reader.bytes16(maxHeadBytes))
  const [method, path] = [head.text16(), head.text16()]
  const headers = readHeaders(head)
  head.end()
  return { type: 'request', id, method, path, headers, body: reader.raw(reader.left) }
}

/** Takes what is left: the length was checked. */
const readText = (reader: ByteReader): string => new TextDecoder().decode(reader.raw(reader.left))

const readPayload = (type: Type, id: number, payload: Uint8Array): Frame => {
  const reader = byteReader(payload)
  const read = (): Frame => {
    switch (type) {
      case 'request': return readRequest(id, reader)
      case 'grant': return { type, id, bytes: reader.u32() }
      case 'head': return { type, id, status: reader.u16(), headers: readHeaders(reader) }
      case 'body': return { type, id, bytes: reader.raw(reader.left) }
      case 'reset': return { type, id, reason: readText(reader) }
      case 'goodbye': return { type, reason: readText(reader) }
      case 'cancel': case 'end': return { type, id }
    }
  }
  const frame = read()
  reader.end()
  return frame
}

const clientTypes = ['request', 'cancel', 'grant', 'goodbye'] as const satisfies readonly ClientFrame['type'][]
const trackerTypes = ['head', 'body', 'end', 'reset', 'goodbye'] as const satisfies readonly TrackerFrame['type'][]

export interface FrameReader<F extends Frame> {
  /** The frames that these bytes completed, in order; a frame owns its bytes. @throws MalformedError, after which nothing more is read */
  push (chunk: Uint8Array): Generator<F, void, undefined>
}

const frameReader = <F extends Frame>(types: readonly F['type'][]): FrameReader<F> => {
  const header = new Uint8Array(headerBytes)
  let filled = 0
  let frame: { readonly type: F['type'] | undefined, readonly id: number, readonly payload: Uint8Array } | undefined
  /** Of a frame that is skipped. */
  let skipping = 0
  let arrived = 0

  /** Of a whole header: what comes, if it may come. */
  const begin = (): void => {
    const reader = byteReader(header)
    const [code, id, length] = [reader.u8(), reader.u32(), reader.u32()]
    const type = types.find(each => frameCodes[each] === code)
    if (type === undefined && code % 2 === 0) throw new MalformedError(`A frame of type ${code} is not known here.`)
    const most = type === undefined ? maxUnknownBytes : maxima[type]
    if (length > most) throw new MalformedError(`A frame of type ${code} has ${length} bytes, and may have ${most}.`)
    if (type === undefined) skipping = length
    frame = { type, id, payload: new Uint8Array(type === undefined ? 0 : length) }
    arrived = 0
  }

  return {
    * push (chunk) {
      let at = 0
      const take = (count: number): Uint8Array => {
        const part = chunk.subarray(at, at + count)
        at += part.byteLength
        return part
      }
      for (;;) {
        if (frame === undefined) {
          const part = take(headerBytes - filled)
          header.set(part, filled)
          filled += part.byteLength
          if (filled < headerBytes) return
          begin()
          continue
        }
        skipping -= take(skipping).byteLength
        const part = take(frame.payload.byteLength - arrived)
        frame.payload.set(part, arrived)
        arrived += part.byteLength
        if (skipping > 0 || arrived < frame.payload.byteLength) return
        const { type, id, payload } = frame
        frame = undefined
        filled = 0
        if (type !== undefined) yield readPayload(type, id, payload) as F
      }
    }
  }
}

/** What a tracker reads. */
export const clientFrames = (): FrameReader<ClientFrame> => frameReader<ClientFrame>(clientTypes)
/** What a client reads. */
export const trackerFrames = (): FrameReader<TrackerFrame> => frameReader<TrackerFrame>(trackerTypes)
