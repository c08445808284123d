/** Messages as bytes on a link, and back. Published as shoal/wire: for tools that read what peers say, and as the codec of a scenario in shoal/sim. */
export { createCodec } from './codec.ts'
export type { Codec, CodecOptions } from './codec.ts'
export { ProtocolError } from './error.ts'
export { limits, protocolId } from './limits.ts'
