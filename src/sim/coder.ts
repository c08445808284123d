/** What a message is between its two ends: the value itself, with its length; or, with a codec of src/wire, its bytes. */
import { assert, concatBytes } from '../contract/index.ts'
import type { Message } from '../core/message.ts'
import { frameBytes } from './frame-bytes.ts'
import type { Codec } from './scenario.ts'

export interface Frame { readonly content: Message | Uint8Array, readonly bytes: number, readonly isBlock: boolean, readonly heardChokes: number }

/** One end of a link. */
export interface Coder {
  encode (message: Message): Frame
  decode (frame: Frame): Iterable<Message>
}

/** Drops a request that a choke crossed, as the wire does: who hears the choke counts the request as answered. A link has one content here. */
const asValues = (): Coder => {
  let saidChokes = 0
  let heardChokes = 0
  return {
    encode (message) {
      if (message.type === 'choke' && message.choked) saidChokes++
      return { content: message, bytes: frameBytes(message), isBlock: message.type === 'block', heardChokes }
    },
    decode ({ content, heardChokes: heard }) {
      if (content instanceof Uint8Array || (content.type === 'request' && heard < saidChokes)) return []
      if (content.type === 'choke' && content.choked) heardChokes++
      return [content]
    }
  }
}

/** Both ends have said hello before their session hears of the link. */
const greeted = (codec: Codec): Codec => {
  const hello = concatBytes(...codec.encode({ type: 'hello', features: 0, agent: 'sim' }))
  assert([...codec.decode(hello)].length === 1, 'a codec gives back the hello of its like')
  return codec
}

const asBytes = (codec: Codec): Coder => ({
  encode (message) {
    const content = concatBytes(...codec.encode(message))
    return { content, bytes: content.byteLength, isBlock: message.type === 'block', heardChokes: 0 }
  },
  decode: ({ content }) => content instanceof Uint8Array ? codec.decode(content) : []
})

export const coderOf = (codec: (() => Codec) | undefined): () => Coder => codec === undefined ? asValues : () => asBytes(greeted(codec()))
