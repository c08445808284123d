/** The tracker's face for libp2p: the same API as on HTTPS, as frames of a link. */
export { trackerIdentity } from './identity.ts'
export { serveTrackerStream } from './serve.ts'
export type { ServedStream, ServeStreamOptions } from './serve.ts'
