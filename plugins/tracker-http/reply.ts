/** One HTTP request and its reply, whole and bounded. Owns no meaning: who may be asked is in proven-agent.ts, what is asked in client.ts. */
import type { ClientRequest, IncomingMessage } from 'node:http'

export interface Reply {
  readonly status: number
  /** Undefined when the body is not JSON. */
  readonly json: unknown
}

/** The other side sent more than was allowed. */
export class OverlongReply extends Error { override readonly name = 'OverlongReply' }

/** Sends a request and waits for the header of its reply. */
export const readHeader = (asking: ClientRequest, body: string | undefined): Promise<IncomingMessage> => new Promise((resolve, reject) => {
  asking.once('response', resolve)
  // stays, because a request may fail more than once
  asking.on('error', reject)
  asking.end(body)
})

const readBody = async (response: IncomingMessage, maxBytes: number): Promise<string> => {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of response) {
    const bytes = part as Buffer
    length += bytes.byteLength
    // leaving the loop destroys the response, and the socket with it
    if (length > maxBytes) throw new OverlongReply(`it answers with more than ${maxBytes} bytes`)
    parts.push(bytes)
  }
  return Buffer.concat(parts).toString('utf8')
}

const parse = (text: string): unknown => {
  try { return JSON.parse(text) } catch { return undefined }
}

/** The rest of a reply whose header came. @throws OverlongReply */
export const readRest = async (response: IncomingMessage, maxBytes: number): Promise<Reply> =>
  ({ status: response.statusCode ?? 0, json: parse(await readBody(response, maxBytes)) })

/** @throws OverlongReply */
export const readReply = async (asking: ClientRequest, body: string | undefined, maxBytes: number): Promise<Reply> =>
  await readRest(await readHeader(asking, body), maxBytes)
