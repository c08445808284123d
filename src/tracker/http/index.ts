/** The tracker's face for the network: HTTPS, JSON and server-sent events over a TrackerService. */
export { serveTracker } from './serve.ts'
export type { Served, ServeOptions } from './serve.ts'
