/**
 * A stream of bytes, cut anywhere, as messages. Owns the frame on the way in and its memory: of a message it keeps what has come of one frame, of a block
 * its exact length and only if `admit` says so, of an unknown type nothing. What may be said when is in channels.ts.
 */
import { byteReader, MalformedError } from '../contract/index.ts'
import type { BlockRange, Message } from '../core/message.ts'
import { ProtocolError } from './error.ts'
import { blockForm, checkRange, forms } from './forms.ts'
import type { Form, Stamp } from './forms.ts'
import { blockHeadBytes, frameHeadBytes, limits } from './limits.ts'

export interface Received { readonly message: Message, readonly stamp: Stamp }

export interface BlockHeader extends BlockRange { readonly number: number }

export interface Decoder {
  /** @throws ProtocolError; the decoder is of no use after it */
  decode (chunk: Uint8Array): Generator<Received>
  /** Bytes of a block that is not complete yet, since this was last asked. */
  takeProgress (): number
}

export interface DecoderOptions {
  /**
   * Called with the header of every block, before its data.
   * @returns where the data goes: exactly `length` bytes; or undefined to skip it
   * @throws ProtocolError when nobody asked for it
   */
  readonly admit: (header: BlockHeader) => Uint8Array | undefined
}

/** What follows a frame's head. Is given `left` bytes, then asked once for what they are. */
interface Body {
  left: number
  /** Whether its bytes are a block's. */
  readonly isBlock: boolean
  add (part: Uint8Array): void
  finish (): Received | undefined
}

const skipped = (length: number, isBlock: boolean): Body => ({ left: length, isBlock, add: () => undefined, finish: () => undefined })

const blockBody = ({ number, piece, offset, length }: BlockHeader, data: Uint8Array): Body => {
  let at = 0
  return {
    left: length,
    isBlock: true,
    add (part) { data.set(part, at); at += part.byteLength },
    finish: () => ({ message: { type: 'block', number, piece, offset, data }, stamp: {} })
  }
}

type AnyForm = { readonly [T in keyof typeof forms]: Form<T> }[keyof typeof forms]
const formsByCode: ReadonlyMap<number, AnyForm> = new Map(Object.values<AnyForm>(forms).map(form => [form.code, form]))

const readForm = (form: AnyForm, payload: Uint8Array): Received => {
  const reader = byteReader(payload)
  const message = form.read(reader)
  const stamp = form.stamp?.read(reader) ?? {}
  reader.end()
  return { message, stamp }
}

/** A frame that is in one chunk is read where it is. One that is not is gathered in memory that grows with what came, not with what was announced. */
const formBody = (form: AnyForm, length: number): Body => {
  let payload: Uint8Array = new Uint8Array(0)
  let filled = 0
  return {
    left: length,
    isBlock: false,
    add (part) {
      if (part.byteLength === length) { payload = part; return }
      if (filled + part.byteLength > payload.byteLength) {
        const larger = new Uint8Array(Math.min(length, Math.max(2 * payload.byteLength, filled + part.byteLength)))
        larger.set(payload.subarray(0, filled))
        payload = larger
      }
      payload.set(part, filled)
      filled += part.byteLength
    },
    finish: () => readForm(form, payload)
  }
}

const within = (size: number, { min, max }: { readonly min: number, readonly max: number }, what: string): void => {
  if (size < min || size > max) throw new ProtocolError(`A ${what} of ${size} bytes is outside ${min} … ${max}.`)
}

export const createDecoder = ({ admit }: DecoderOptions): Decoder => {
  const head = new Uint8Array(blockHeadBytes)
  const headView = new DataView(head.buffer)
  let headFilled = 0
  let headSize = frameHeadBytes
  let body: Body | undefined
  let progress = 0

  /** What the head announces; undefined: it is a block's, and more of it is needed. */
  const begin = (): Body | undefined => {
    const size = headView.getUint32(0) - 1
    const code = head[4] ?? 0
    if (size < 0 || size >= limits.frameBytes) throw new ProtocolError(`A frame's length of ${size + 1} is outside 1 … ${limits.frameBytes}.`)
    if (code === blockForm.code) return beginBlock(size)
    const form = formsByCode.get(code)
    if (form === undefined) {
      if (code % 2 === 0) throw new ProtocolError(`Type ${code} is not known here and may not be skipped.`)
      return skipped(size, false)
    }
    within(size, form, `message of type ${code}`)
    return formBody(form, size)
  }

  const beginBlock = (size: number): Body | undefined => {
    within(size, blockForm, 'block')
    if (headSize < blockHeadBytes) { headSize = blockHeadBytes; return undefined }
    const header = { number: headView.getUint32(5), piece: headView.getUint32(9), offset: headView.getUint32(13), length: size - 12 }
    checkRange(header)
    const data = admit(header)
    return data === undefined ? skipped(header.length, true) : blockBody(header, data)
  }

  /** @returns how many bytes of the chunk it took */
  const takeHead = (rest: Uint8Array): number => {
    const part = rest.subarray(0, headSize - headFilled)
    head.set(part, headFilled)
    headFilled += part.byteLength
    if (headFilled === headSize) body = begin()
    if (body !== undefined) { headFilled = 0; headSize = frameHeadBytes }
    return part.byteLength
  }

  const takeBody = (rest: Uint8Array, to: Body): number => {
    const part = rest.subarray(0, to.left)
    to.add(part)
    to.left -= part.byteLength
    if (to.isBlock) progress += part.byteLength
    return part.byteLength
  }

  const finish = (whole: Body): Received | undefined => {
    body = undefined
    if (whole.isBlock) progress = 0
    return whole.finish()
  }

  const step = (rest: Uint8Array): { readonly taken: number, readonly received: Received | undefined } => {
    try {
      const taken = body === undefined ? takeHead(rest) : takeBody(rest, body)
      return { taken, received: body?.left === 0 ? finish(body) : undefined }
    } catch (error) {
      throw error instanceof MalformedError ? new ProtocolError(error.message, { cause: error }) : error
    }
  }

  return {
    * decode (chunk) {
      for (let rest = chunk; rest.byteLength > 0;) {
        const { taken, received } = step(rest)
        rest = rest.subarray(taken)
        if (received !== undefined) yield received
      }
    },
    takeProgress () { const bytes = progress; progress = 0; return bytes }
  }
}
