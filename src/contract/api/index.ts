/** The tracker's API: what is said between a client and a tracker. HTTP is src/tracker/http and the plugin tracker-http. */
export * from './calls.ts'
export * from './failures.ts'
export * from './frames.ts'
export * from './limits.ts'
export * from './password.ts'
export { maxAnnounced } from './presence.ts'
