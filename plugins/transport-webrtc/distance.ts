/**
 * What libdatachannel may have on its way, per connection. 1 MiB, as it is by itself, is 10 MB/s at 100 ms at most, and in fact much less: through a socket that
 * holds packets back, 40 MiB over 200 ms took 28 … 60 s, and take 4 … 12 s with this (2 vCPU). Node only.
 */

/** As yamux's window: more of a stream is not on its way. */
const bufferBytes = 4 * 1024 * 1024

interface Library { setSctpSettings (settings: { readonly recvBufferSize: number, readonly sendBufferSize: number }): void }

const isLibrary = (value: unknown): value is Library => typeof value === 'object' && value !== null && typeof Reflect.get(value, 'setSctpSettings') === 'function'

let done = false

/** For all connections that this process opens from now on. */
export const spanDistances = (): void => {
  if (done) return
  done = true
  const { createRequire, findPackageJSON } = process.getBuiltinModule('node:module')
  const from = findPackageJSON('@libp2p/webrtc', import.meta.url)
  const library: unknown = from === undefined ? undefined : createRequire(from)('node-datachannel') // the one that it uses
  if (isLibrary(library)) library.setSctpSettings({ recvBufferSize: bufferBytes, sendBufferSize: bufferBytes })
}
