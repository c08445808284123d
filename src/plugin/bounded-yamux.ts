/**
 * yamux with a bound on the length of a frame. The decoder of libp2p-yamux 8.0.1 collects a whole frame before it looks at the window, so that a stranger who
 * announces 4 GiB has them held in memory. Owns that check; the multiplexing is the library's.
 */
import type { yamux } from '@chainsafe/libp2p-yamux'
import type { StreamMuxerFactory } from '@libp2p/interface'

const MiB = 1024 * 1024

/** What one side may have under way on a stream; more costs memory, less costs speed over long distances (4 MiB: 80 MB/s at 50 ms). */
const windowBytes = 4 * MiB

/** A connection carries one link, now and then a sign of life, and what other libp2p services need. Each stream may hold a read buffer. */
const maxInboundStreams = 16

const headerBytes = 12
const dataFrame = 0

/** Follows the frames in a stream of bytes. @returns whether every data frame so far is within the limit */
export const frameGuard = (limitBytes: number): (chunk: Uint8Array) => boolean => {
  const header = new DataView(new ArrayBuffer(headerBytes))
  let headerGot = 0
  let bodyLeft = 0
  return chunk => {
    for (let at = 0; at < chunk.byteLength;) {
      if (bodyLeft > 0) {
        const skipped = Math.min(bodyLeft, chunk.byteLength - at)
        bodyLeft -= skipped
        at += skipped
        continue
      }
      header.setUint8(headerGot++, chunk[at++] ?? 0)
      if (headerGot < headerBytes) continue
      headerGot = 0
      if (header.getUint8(1) === dataFrame) bodyLeft = header.getUint32(8)
      if (bodyLeft > limitBytes) return false
    }
    return true
  }
}

/** @param make `yamux` of @chainsafe/libp2p-yamux: given, so that only a transport that uses it loads it */
export const boundedYamux = (make: typeof yamux): () => StreamMuxerFactory => () => {
  const inner = make({ maxInboundStreams, streamOptions: { maxStreamWindowSize: windowBytes, maxReadBufferLength: 2 * windowBytes } })()
  return {
    protocol: inner.protocol,
    createStreamMuxer (connection) {
      const within = frameGuard(windowBytes)
      connection.addEventListener('message', ({ data }) => { // before the muxer's own, which is added below
        for (const chunk of data instanceof Uint8Array ? [data] : data) {
          if (!within(chunk)) connection.abort(new Error(`A yamux frame is longer than ${windowBytes} bytes.`))
        }
      })
      return inner.createStreamMuxer(connection)
    }
  }
}
