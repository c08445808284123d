/**
 * What carries the tracker's API from a client to a tracker: HTTPS, a stream of libp2p. Owns what a carriage must do and how it says that a channel broke; what
 * is asked is in client.ts, which tracker it is in realm-check.ts.
 */
import { concatBytes } from '../../contract/index.ts'

/** One request, as HTTP would carry it. */
export interface CarriedRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  /** Whether it may arrive twice. If not, it goes over a channel that is surely alive. */
  readonly repeatable: boolean
  /** Whether its reply goes on until somebody ends it. */
  readonly lasting: boolean
  /** Counted from 1: a later attempt must not use the channel of the one before. */
  readonly attempt: number
}

/** A reply whose header came. */
export interface CarriedReply {
  readonly status: number
  /** Whether its channel had carried something before. */
  readonly used: boolean
  /** Rejects when it breaks off. Leaving the iteration ends the reply. */
  readonly body: AsyncIterable<Uint8Array>
  /** Ends it: the iteration ends or rejects, and nothing of it is kept. */
  destroy (): void
}

/** Channels to one tracker. Nothing but the question for its proof goes over a channel before `RealmCheck.accept` has taken the key that the channel proved. */
export interface Carriage {
  /**
   * Sends a request and waits for the header of its reply.
   * @throws ShoalError; ChannelLost for what happened to the channel
   */
  send (request: CarriedRequest, signal: AbortSignal): Promise<CarriedReply>
  /** Ends every channel at once, and with them every reply. */
  stop (reason: Error): void
}

/** A channel could not be opened, or broke. */
export class ChannelLost extends Error {
  override readonly name = 'ChannelLost'
  /** Whether it had carried something before: it may have died with the tracker that it led to, which shows only when it is used. */
  readonly used: boolean

  constructor (cause: unknown, used: boolean) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.used = used
  }
}

/** The other side sent more than was allowed. */
export class OverlongReply extends Error { override readonly name = 'OverlongReply' }

export interface WholeReply {
  readonly status: number
  /** Undefined when the body is not JSON. */
  readonly json: unknown
}

const parse = (text: string): unknown => {
  try { return JSON.parse(text) } catch { return undefined } // the type says so: whatever it is, it is no reply of a tracker
}

/** The rest of a reply. @throws OverlongReply */
export const readWhole = async ({ status, body }: Pick<CarriedReply, 'status' | 'body'>, maxBytes: number): Promise<WholeReply> => {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of body) {
    length += part.byteLength
    if (length > maxBytes) throw new OverlongReply(`it answers with more than ${maxBytes} bytes`)
    parts.push(part)
  }
  return { status, json: parse(new TextDecoder().decode(concatBytes(...parts))) }
}
