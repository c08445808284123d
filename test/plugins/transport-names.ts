/** The transports between processes, by name, for tests that are run on each. */
import { quic } from '../../plugins/transport-quic/index.ts'
import { tcp } from '../../plugins/transport-tcp/index.ts'
import { webrtc } from '../../plugins/transport-webrtc/index.ts'
import type { Transport } from '../../src/contract/index.ts'

/** @param port of those that take it as an option, instead of that of the network */
export const transports: ReadonlyMap<string, (port: number) => Transport | Promise<Transport>> = new Map<string, (port: number) => Transport | Promise<Transport>>([
  ['tcp', () => tcp()],
  ['quic', () => quic()],
  ['webrtc', port => webrtc(port === 0 ? {} : { port }, { log () {} })]
])
