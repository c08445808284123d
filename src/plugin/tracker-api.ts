/**
 * What a tracker plugin needs of Shoal beside the contract: the messages, the way from a password to a key, the statements that are signed, and the client that
 * needs only a carriage.
 */
export { derivePassword } from '../contract/api/password.ts'
export { channelStatement, loginStatement, tlsStatement } from '../core/vouch.ts'
export type * from '../contract/api/index.ts'
export * from '../contract/api/frames.ts'
export { ChannelLost, OverlongReply, readWhole } from './tracker-client/carriage.ts'
export type * from './tracker-client/carriage.ts'
export type * from './tracker-client/index.ts'
export * as trackerFailure from './tracker-client/failing.ts'
export { trackerOptions } from './tracker-client/options.ts'

/** The schemas of all messages. Loaded only when asked for: they bring zod, which a peer with a tracker of another kind does not need. */
export const trackerApi = (): Promise<typeof import('../contract/api/index.ts')> => import('../contract/api/index.ts')

/** The client of a tracker elsewhere, over any carriage. Loaded only when asked for, as the schemas are. */
export const trackerClient = (): Promise<typeof import('./tracker-client/index.ts')> => import('./tracker-client/index.ts')
