/** An error of the database as a value that can be posted between threads. Owns no wording. */
import type { Failure } from './requests.ts'

export const failureOf = (error: unknown): Failure => ({
  message: error instanceof Error ? error.message : String(error),
  code: error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0
})
