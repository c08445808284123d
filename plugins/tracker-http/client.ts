/** Calls of the tracker's API: sent over proven connections, timed, tried once more where that is safe, and their replies checked. */
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import type { Agent } from 'node:https'
import { errorCodes, ShoalError } from 'shoal/plugin'
import type { CallName, ErrorCode, Realm, ReplyOf, RequestOf } from 'shoal/plugin'
import type { TrackerApi } from './api.ts'
import { interrupted, notOurs, timedOut, unreachable } from './failing.ts'
import { provenAgent } from './proven-agent.ts'
import type { Endpoint } from './proven-agent.ts'
import { OverlongReply, readHeader, readRest } from './reply.ts'
import type { Reply } from './reply.ts'
import type { RealmCheck } from './realm-check.ts'

/** A catalog page of 1,000 files with a hundred sharers each is about 20 MB. */
const maxReplyBytes = 64 * 1024 * 1024

export interface CallOptions { readonly token?: string, readonly signal?: AbortSignal | undefined, readonly headers?: Readonly<Record<string, string>> }

export interface Client {
  readonly where: string
  readonly api: TrackerApi
  /** @throws ShoalError as the tracker says, TRACKER_UNREACHABLE, TRACKER_KEY_CHANGED, TRACKER_ERROR */
  call<K extends CallName> (name: K, fields: RequestOf<K>, options?: CallOptions): Promise<ReplyOf<K>>
  /** The reply of a stream once its header came; the caller reads and destroys it. */
  open (name: CallName, fields: RequestOf<CallName>, options: CallOptions): Promise<IncomingMessage>
  /** Asks for it over a proven connection unless it is known. */
  realm (signal?: AbortSignal): Promise<Realm>
  stop (): void
}

export interface ClientOptions extends Endpoint {
  readonly api: TrackerApi
  readonly where: string
  readonly check: RealmCheck
  readonly timeoutMs: number
}

const isCode = (code: string): code is ErrorCode => Object.hasOwn(errorCodes, code)

/** What a tracker says is shown to people: it must not steer their terminals. */
const plain = (message: string): string => message.replace(/\p{C}/gu, ' ').slice(0, 1000)

export const trackerClient = (options: ClientOptions): Client => {
  const { api, where, check, timeoutMs, host, port } = options
  const stopped = new AbortController()
  const kept = provenAgent({ ...options, stopped: stopped.signal }, { keepAlive: true, maxSockets: 8 })
  /** For what must not arrive twice, for what lasts, and for second attempts: its sockets cannot be stale. */
  const fresh = provenAgent({ ...options, stopped: stopped.signal }, { keepAlive: false, maxSockets: Infinity })

  /** The error that a reply tells. */
  const told = ({ status, json }: Reply): ShoalError => {
    const failure = api.failure.safeParse(json)
    if (!failure.success) return notOurs(where, `it answers ${status}`)
    const { code, message } = failure.data
    return isCode(code) ? new ShoalError(code, plain(message)) : new ShoalError('TRACKER_ERROR', `${plain(code)}: ${plain(message)}`)
  }

  const once = async <T>(name: CallName, fields: RequestOf<CallName>, agent: Agent, { token, headers, signal }: CallOptions, read: (response: IncomingMessage) => Promise<T>): Promise<T> => {
    const limit = new AbortController()
    const over = AbortSignal.any([limit.signal, stopped.signal, ...(signal === undefined ? [] : [signal])])
    if (over.aborted) throw interrupted(over)
    const { path, body } = api.spread(name, fields)
    const asking = request({
      method: api.calls[name].method, path, host, port, agent,
      headers: {
        accept: 'application/json', ...headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      }
    })
    const timer = setTimeout(() => { limit.abort(timedOut(where, timeoutMs)) }, timeoutMs)
    const aborted = Promise.withResolvers<never>()
    const abort = (): void => {
      // a request that waits for its socket hears of its end only when it has one
      aborted.reject(interrupted(over))
      asking.destroy()
    }
    over.addEventListener('abort', abort)
    try {
      return await Promise.race([aborted.promise, readHeader(asking, body).then(read)])
    } catch (error) {
      asking.destroy()
      if (error instanceof OverlongReply) throw notOurs(where, error.message)
      throw ShoalError.is(error) ? error : Object.assign(unreachable(where, error), { stale: asking.reusedSocket })
    } finally {
      clearTimeout(timer)
      over.removeEventListener('abort', abort)
    }
  }

  /** A kept socket may have died with the tracker that it led to, which shows only when it is used. */
  const isStale = (error: unknown): boolean => ShoalError.is(error, 'TRACKER_UNREACHABLE') && 'stale' in error && error.stale === true

  const exchange = async <T>(name: CallName, fields: RequestOf<CallName>, options: CallOptions, read: (response: IncomingMessage) => Promise<T>): Promise<T> => {
    if (!api.calls[name].repeatable || name === 'watch') return await once(name, fields, fresh, options, read)
    try { return await once(name, fields, kept, options, read) } catch (error) {
      if (!isStale(error)) throw error
      return await once(name, fields, fresh, options, read)
    }
  }

  const call: Client['call'] = async (name, fields, callOptions = {}) => {
    const reply = await exchange(name, fields, callOptions, response => readRest(response, maxReplyBytes))
    if (reply.status !== 200) throw told(reply)
    const decoded = api.decodeReply(name, reply.json)
    if (!decoded.ok) throw notOurs(where, `its reply to ${name} is not understood, at ${plain(decoded.problem)}`)
    return decoded.value
  }

  return {
    where, api, call,
    open: (name, fields, callOptions) => exchange(name, fields, callOptions, async response => {
      if (response.statusCode !== 200) throw told(await readRest(response, maxReplyBytes))
      return response
    }),
    async realm (signal) {
      if (check.realm === undefined) await call('realm', {}, { signal })
      if (check.realm === undefined) throw notOurs(where, 'it proved no realm')
      return check.realm
    },
    stop () {
      stopped.abort(new ShoalError('STOPPED', 'The connection to the tracker was closed. Start again.'))
      kept.destroy()
      fresh.destroy()
    }
  }
}
