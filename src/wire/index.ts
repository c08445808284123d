/** Messages as bytes on a link, and back. */
export { createCodec } from './codec.ts'
export type { Codec, CodecOptions } from './codec.ts'
export { ProtocolError } from './error.ts'
export { limits, protocolId } from './limits.ts'
