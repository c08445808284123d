/** The fields of a request, from path, query and body, before they are validated. Owns the limit of a body and what is no JSON object at all. */
import { ShoalError } from '../../contract/index.ts'
import { maxBodyBytes } from '../../contract/api/index.ts'
import type { Call } from '../../contract/api/index.ts'

const tooLarge = (): ShoalError => new ShoalError('TOO_LARGE', `Cannot take the request: its body is larger than ${maxBodyBytes} bytes. Send less at once.`)
export const badRequest = (problem: string): ShoalError => new ShoalError('BAD_REQUEST', `Cannot take the request: ${problem}. Send what docs/tracker-api.md says.`)

/** Counts while it reads: what a sender says of its length need not be true. */
const readCounted = async (body: ReadableStream<Uint8Array>): Promise<Uint8Array> => {
  const parts: Uint8Array[] = []
  let length = 0
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.byteLength
    if (length > maxBodyBytes) {
      await reader.cancel()
      throw tooLarge()
    }
    parts.push(value)
  }
  return Buffer.concat(parts)
}

const readBody = async (request: Request): Promise<Uint8Array> => {
  const said = request.headers.get('content-length')
  if (said !== null && Number(said) > maxBodyBytes) throw tooLarge()
  // with a length, HTTP itself sees to it that no more comes
  if (said !== null) return new Uint8Array(await request.arrayBuffer())
  return request.body === null ? new Uint8Array() : await readCounted(request.body)
}

const wholeBody = async (request: Request): Promise<Uint8Array> => {
  try { return await readBody(request) } catch (error) {
    if (ShoalError.is(error)) throw error
    // whoever sends it went away: no fault of the tracker's, and nothing for its log
    throw badRequest('its body did not arrive')
  }
}

const parseObject = (bytes: Uint8Array): object => {
  let value: unknown
  try { value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) } catch { throw badRequest('its body is not JSON in UTF-8') }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRequest('its body is not a JSON object')
  return value
}

const queryFields = (request: Request): object => {
  const fields = new Map<string, string>()
  for (const [name, value] of new URL(request.url).searchParams) {
    if (fields.has(name)) throw badRequest(`${name.slice(0, 80)}: stands twice in the query`)
    fields.set(name, value)
  }
  return Object.fromEntries(fields)
}

/** @param inPath fields that the path gave. @throws ShoalError BAD_REQUEST, TOO_LARGE */
export const readFields = async (call: Call, request: Request, inPath: Readonly<Record<string, string>>): Promise<object> => {
  const given = call.method === 'POST' ? parseObject(await wholeBody(request)) : queryFields(request)
  for (const field of Object.keys(inPath)) if (Object.hasOwn(given, field)) throw badRequest(`${field}: stands in the path`)
  return { ...given, ...inPath }
}
