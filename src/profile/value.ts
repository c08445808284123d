/** How the profile writes its values: a format byte, then JSON. Owns the reading of what a disk may have damaged; whose fields they are is said in records.ts. */
import type * as z from 'zod'
import { MalformedError } from '../contract/index.ts'

const format = 1
const text = new TextEncoder()
const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Told of each record that cannot be read, with why. It is left where it is, and passed over. */
export type Damaged = (key: string, why: string) => void

/** What follows the format byte. @throws MalformedError */
export const checkFormat = (value: Uint8Array): Uint8Array => {
  if (value[0] !== format) throw new MalformedError(value[0] === undefined ? 'It is empty.' : `Format ${value[0]} is not known here: only ${format}.`)
  return value.subarray(1)
}

export const withFormat = (body: Uint8Array): Uint8Array => {
  const value = new Uint8Array(body.byteLength + 1)
  value[0] = format
  value.set(body, 1)
  return value
}

export const encodeJson = (value: object): Uint8Array => withFormat(text.encode(JSON.stringify(value)))

/** @throws MalformedError */
export const decodeJson = <T>(value: Uint8Array, schema: z.ZodType<T>): T => {
  const body = checkFormat(value)
  let parsed: unknown
  try { parsed = JSON.parse(strictText.decode(body)) } catch (cause) { throw new MalformedError('It is not JSON.', { cause }) }
  const checked = schema.safeParse(parsed)
  if (checked.success) return checked.data
  throw new MalformedError(checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '), { cause: checked.error })
}
