/** What a tracker plugin needs of Shoal beside the contract: the messages, the way from a password to a key, and the statements that are signed. */
export { derivePassword } from '../contract/api/password.ts'
export { loginStatement, tlsStatement } from '../core/vouch.ts'
export type * from '../contract/api/index.ts'

/** The schemas of all messages. Loaded only when asked for: they bring zod, which a peer with a tracker of another kind does not need. */
export const trackerApi = (): Promise<typeof import('../contract/api/index.ts')> => import('../contract/api/index.ts')
