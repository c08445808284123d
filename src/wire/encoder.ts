/** One message as the parts of its frame. Owns the frame on the way out; a block's data is passed on by reference, never copied. */
import { assert, byteWriter } from '../contract/index.ts'
import type { Message, MessageOf, MessageType } from '../core/message.ts'
import { blockForm, checkRange, forms } from './forms.ts'
import type { Form, Stamp } from './forms.ts'
import { blockHeadBytes, frameHeadBytes } from './limits.ts'

const lengthBytes = 4

const encodeBlock = ({ number, piece, offset, data }: MessageOf<'block'>): readonly Uint8Array[] => {
  checkRange({ piece, offset, length: data.byteLength })
  const head = byteWriter(blockHeadBytes).u32(blockHeadBytes - lengthBytes + data.byteLength).u8(blockForm.code).u32(number).u32(piece).u32(offset).finish()
  return [head, data]
}

const encodeForm = <T extends MessageType>(form: Form<T>, message: MessageOf<T>, stamp: Stamp): readonly Uint8Array[] => {
  const writer = byteWriter(128).u32(0).u8(form.code)
  form.write(writer, message)
  form.stamp?.write(writer, stamp)
  const frame = writer.finish()
  const payload = frame.byteLength - frameHeadBytes
  assert(payload >= form.min && payload <= form.max, `a ${message.type} of ${payload} bytes is outside ${form.min} … ${form.max}`)
  new DataView(frame.buffer).setUint32(0, frame.byteLength - lengthBytes)
  return [frame]
}

const formOf = <T extends Exclude<MessageType, 'block'>>(type: T): Form<T> => forms[type]

/**
 * The bytes of a message, in order, in as many parts as it takes. A block's second part is its data itself: it must not change until it was sent.
 */
export const encode = (message: Message, stamp: Stamp = {}): readonly Uint8Array[] =>
  message.type === 'block' ? encodeBlock(message) : encodeForm(formOf(message.type), message, stamp)
