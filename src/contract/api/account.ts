/** Messages about the realm, accounts and logins. The password itself is in none of them: see password.ts. */
import { z } from 'zod'
import type { LoginReply, LoginRequest, PasswordParameters } from '../index.ts'
import { address, bytes, count, list, peerId, token, typed } from './forms.ts'

const key = bytes({ exactly: 32 })
const signature = bytes({ exactly: 64 })

/** Bounded, so that no tracker makes a client work for minutes. */
const parameters = {
  salt: bytes({ exactly: 16 }),
  memoryKiB: z.int().min(8).max(256 * 1024),
  passes: z.int().min(1).max(16),
  lanes: z.int().min(1).max(4)
}

export const nothing = z.strictObject({})
export const done = z.object({})

/**
 * `spki` or `peer`, `signature`: the key of this tracker's end of the channel, and the realm's word for it. A client takes the key that the channel proved,
 * not the one that is said here.
 */
export const realmReply = z.object({ key, spki: bytes({ max: 1024 }).exactOptional(), peer: peerId.exactOptional(), signature })

/** Without a user: parameters for a new account. */
export const parametersRequest = z.strictObject({ user: typed.exactOptional() })
export const parametersReply = z.object(parameters) satisfies z.ZodType<PasswordParameters>

export const registerRequest = z.strictObject({ user: typed, parameters: z.strictObject(parameters), key })

export const loginRequest = z.strictObject({ user: typed, key, device: peerId, at: count, signature }) satisfies z.ZodType<LoginRequest>
export const loginReply = z.object({ token, vouch: bytes({ max: 512 }), expires: count, relays: list(address, 8).exactOptional(), stun: list(address, 4).exactOptional() }) satisfies z.ZodType<LoginReply>
