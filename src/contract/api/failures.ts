/** Which errors cross the wire, and the HTTP status of each. The code is what a client acts upon; every other error is TRACKER_ERROR to it. */
import { z } from 'zod'
import type { ErrorCode } from '../index.ts'

export const statuses = {
  BAD_REQUEST: 400, BAD_NAME: 400, BAD_FILE_NAME: 400,
  WRONG_PASSWORD: 401, SESSION_EXPIRED: 401,
  NOT_OWNER: 403,
  NOT_FOUND: 404, NO_REQUEST: 404, NO_MEMBER: 404, NOT_SHARED: 404,
  USER_EXISTS: 409, GROUP_EXISTS: 409, ALREADY_MEMBER: 409, ALREADY_REQUESTED: 409, OWNER_CANNOT: 409, NAME_TAKEN: 409, LIMIT_REACHED: 409, GROUP_CHANGED: 409,
  TOO_LARGE: 413,
  TOO_MANY_ATTEMPTS: 429,
  TRACKER_ERROR: 500,
  TRACKER_UNREACHABLE: 503
} as const satisfies Partial<Record<ErrorCode, number>>

export type WireCode = keyof typeof statuses

export const isWireCode = (code: string): code is WireCode => Object.hasOwn(statuses, code)

/** The body of every reply that is not 200, and the data of an `error` event in a stream. */
export const failure = z.object({ code: z.string().max(64), message: z.string().max(4096) })
export type Failure = z.output<typeof failure>
