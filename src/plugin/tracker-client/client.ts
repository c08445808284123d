/** Calls of the tracker's API: sent over proven channels, timed, tried once more where that is safe, and their replies checked. */
import { errorCodes, ShoalError } from '../../contract/index.ts'
import type { ErrorCode, Realm } from '../../contract/index.ts'
import type { CallName, ReplyOf, RequestOf } from '../../contract/api/index.ts'
import { ChannelLost, OverlongReply, readWhole } from './carriage.ts'
import type { CarriedReply, Carriage, WholeReply } from './carriage.ts'
import { interrupted, notOurs, timedOut, unreachable } from './failing.ts'
import type { RealmCheck } from './realm-check.ts'

/** The schemas of all messages. */
export type TrackerApi = typeof import('../../contract/api/index.ts')

/** A catalog page of 1,000 files with a hundred sharers each is about 20 MB. */
const maxReplyBytes = 64 * 1024 * 1024

export interface CallOptions { readonly token?: string, readonly signal?: AbortSignal | undefined, readonly headers?: Readonly<Record<string, string>> }

export interface Client {
  readonly where: string
  readonly api: TrackerApi
  /** @throws ShoalError as the tracker says, TRACKER_UNREACHABLE, TRACKER_KEY_CHANGED, TRACKER_ERROR */
  call<K extends CallName> (name: K, fields: RequestOf<K>, options?: CallOptions): Promise<ReplyOf<K>>
  /** The reply of a stream once its header came; the caller reads and destroys it. */
  open (name: CallName, fields: RequestOf<CallName>, options: CallOptions): Promise<CarriedReply>
  /** Asks for it over a proven channel unless it is known. */
  realm (signal?: AbortSignal): Promise<Realm>
  stop (): void
}

export interface ClientOptions {
  readonly api: TrackerApi
  readonly where: string
  readonly check: RealmCheck
  readonly carriage: Carriage
  readonly onSlow?: (() => void) | undefined
  readonly timeoutMs: number
}

const slowMs = 2_000
/** These go on in the background, and nobody waits for them. */
const background: readonly CallName[] = ['announce', 'watch']

const isCode = (code: string): code is ErrorCode => Object.hasOwn(errorCodes, code)

/** What a tracker says is shown to people: it must not steer their terminals. */
const plain = (message: string): string => message.replace(/\p{C}/gu, ' ').slice(0, 1000)

export const createClient = ({ api, where, check, carriage, onSlow, timeoutMs }: ClientOptions): Client => {
  const stopped = new AbortController()

  /** The error that a reply tells. */
  const told = ({ status, json }: WholeReply): ShoalError => {
    const failure = api.failure.safeParse(json)
    if (!failure.success) return notOurs(where, `it answers ${status}`)
    const { code, message } = failure.data
    return isCode(code) ? new ShoalError(code, plain(message)) : new ShoalError('TRACKER_ERROR', `${plain(code)}: ${plain(message)}`)
  }

  const once = async <T>(name: CallName, fields: RequestOf<CallName>, attempt: number, { token, headers, signal }: CallOptions, read: (reply: CarriedReply) => Promise<T>): Promise<T> => {
    const limit = new AbortController()
    const over = AbortSignal.any([limit.signal, stopped.signal, ...(signal === undefined ? [] : [signal])])
    if (over.aborted) throw interrupted(over)
    const { path, body } = api.spread(name, fields)
    const asking = carriage.send({
      method: api.calls[name].method, path, body, attempt,
      headers: {
        accept: 'application/json', ...headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' })
      },
      repeatable: api.calls[name].repeatable, lasting: name === 'watch'
    }, over)
    let reply: CarriedReply | undefined
    const timer = setTimeout(() => { limit.abort(timedOut(where, timeoutMs)) }, timeoutMs)
    const slow = onSlow === undefined || background.includes(name) ? undefined : setTimeout(onSlow, slowMs)
    const aborted = Promise.withResolvers<never>()
    const abort = (): void => {
      // a carriage that waits for its channel may hear of the end only when it has one
      aborted.reject(interrupted(over))
      reply?.destroy()
    }
    over.addEventListener('abort', abort)
    try {
      return await Promise.race([aborted.promise, asking.then(given => {
        reply = given
        clearTimeout(slow)
        if (over.aborted) given.destroy() // nobody waits for it any more
        return read(given)
      })])
    } catch (error) {
      reply?.destroy()
      if (error instanceof OverlongReply) throw notOurs(where, error.message)
      throw error instanceof ChannelLost || ShoalError.is(error) ? error : new ChannelLost(error, reply?.used ?? false)
    } finally {
      clearTimeout(timer)
      clearTimeout(slow)
      over.removeEventListener('abort', abort)
    }
  }

  const exchange = async <T>(name: CallName, fields: RequestOf<CallName>, options: CallOptions, read: (reply: CarriedReply) => Promise<T>): Promise<T> => {
    try {
      return await once(name, fields, 1, options, read).catch(async (error: unknown) => {
        if (!(error instanceof ChannelLost && error.used && api.calls[name].repeatable)) throw error
        return await once(name, fields, 2, options, read)
      })
    } catch (error) { throw error instanceof ChannelLost ? unreachable(where, error.cause) : error }
  }

  const call: Client['call'] = async (name, fields, callOptions = {}) => {
    const reply = await exchange(name, fields, callOptions, carried => readWhole(carried, maxReplyBytes))
    if (reply.status !== 200) throw told(reply)
    const decoded = api.decodeReply(name, reply.json)
    if (!decoded.ok) throw notOurs(where, `its reply to ${name} is not understood, at ${plain(decoded.problem)}`)
    return decoded.value
  }

  return {
    where, api, call,
    open: (name, fields, callOptions) => exchange(name, fields, callOptions, async reply => {
      if (reply.status !== 200) throw told(await readWhole(reply, maxReplyBytes))
      return reply
    }),
    async realm (signal) {
      if (check.realm === undefined) await call('realm', {}, { signal })
      if (check.realm === undefined) throw notOurs(where, 'it proved no realm')
      return check.realm
    },
    stop () {
      const reason = new ShoalError('STOPPED', 'The connection to the tracker was closed. Start again.')
      stopped.abort(reason)
      carriage.stop(reason)
    }
  }
}
