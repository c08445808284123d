/**
 * The tracker's API as a pure function from request to response, over whatever carries them. Owns routing, validation, tokens and how errors are told;
 * sockets and TLS are in serve.ts.
 */
import { Hono } from 'hono'
import type { Context } from 'hono'
import { ShoalError } from '../../contract/index.ts'
import type { TrackerService, TrackerSession } from '../../contract/index.ts'
import { calls, decodeRequest, encodeReply, isWireCode, statuses } from '../../contract/api/index.ts'
import type { Call, CallName, Failure, RequestOf } from '../../contract/api/index.ts'
import { openAnswers, sessionAnswers } from './answers.ts'
import type { OpenAnswers, SessionAnswers, ChannelProof } from './answers.ts'
import { eventStream } from './event-stream.ts'
import type { StreamLimits } from './event-stream.ts'
import { badRequest, readFields } from './fields.ts'

/** Where a request came from. */
export interface Caller {
  readonly address: string
  /** Breaks its connection. */
  readonly cut: () => void
}

export interface AppOptions {
  readonly service: TrackerService
  readonly proof: ChannelProof
  /** Writes one line. */
  readonly log: (line: string) => void
  /** Ends all event streams. */
  readonly stopping: AbortSignal
  readonly streams?: StreamLimits
}

export interface App { fetch (request: Request, caller: Caller): Promise<Response> }

type Handler = (context: Context<{ Bindings: Caller }>) => Promise<Response>

const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
const json = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status, headers })

const tokenOf = (request: Request): string => {
  const [, token] = /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
  if (token === undefined) throw new ShoalError('SESSION_EXPIRED', 'Cannot tell whose request this is: it has no token of a session. Log in.')
  return token
}

const isOpenCall = (name: CallName): name is keyof OpenAnswers => !calls[name].session

export const createApp = ({ service, proof, log, stopping, streams = {} }: AppOptions): App => {
  const open = openAnswers(service, proof)

  /** What the other side may know of an error; the rest goes to the log. */
  const failed = (what: string, error: unknown): Failure & { readonly code: keyof typeof statuses } => {
    if (ShoalError.is(error) && isWireCode(error.code)) return { code: error.code, message: error.message }
    log(`${what} failed: ${(error instanceof Error ? error.stack ?? error.message : String(error)).replace(/\s*\n\s*/g, ' | ')}`)
    return { code: 'TRACKER_ERROR', message: 'The tracker failed to answer. Try again; the tracker logs the cause.' }
  }

  const requestOf = async <K extends CallName>(name: K, context: Parameters<Handler>[0]): Promise<RequestOf<K>> => {
    const fields = await readFields(calls[name], context.req.raw, context.req.param())
    const decoded = decodeRequest(name, fields)
    if (!decoded.ok) throw badRequest(decoded.problem)
    return decoded.value
  }

  const sessionOf = (context: Parameters<Handler>[0]): Promise<TrackerSession> => service.resume(tokenOf(context.req.raw))

  const answerOpen = <K extends keyof OpenAnswers>(name: K, answer: OpenAnswers[K]): Handler => async context =>
    json(200, encodeReply(name, await answer(await requestOf(name, context), context.env.address)))

  const answerSession = <K extends keyof SessionAnswers>(name: K, answer: SessionAnswers[K]): Handler => async context => {
    const session = await sessionOf(context)
    return json(200, encodeReply(name, await answer(session, await requestOf(name, context))))
  }

  const answerWatch: Handler = async context => {
    const session = await sessionOf(context)
    const request = context.req.raw
    const resumed = request.headers.get('last-event-id')
    const { from } = await requestOf('watch', context)
    const decoded = decodeRequest('watch', resumed === null ? {} : { from: resumed })
    if (!decoded.ok) throw badRequest(`Last-Event-ID ${decoded.problem}`)
    const body = eventStream({
      ...streams,
      watch: signal => session.watch(decoded.value.from ?? from, signal),
      signal: AbortSignal.any([stopping, request.signal]),
      failed: error => failed('watch', error),
      cut: () => { context.env.cut() }
    })
    return new Response(body, { headers: { ...headers, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' } })
  }

  const handlerOf = (name: CallName): Handler =>
    name === 'watch' ? answerWatch : isOpenCall(name) ? answerOpen(name, open[name]) : answerSession(name, sessionAnswers[name])

  /** Answers only if the state does. */
  const answerHealth: Handler = async () => {
    await service.passwordParameters('healthz')
    return json(200, { ok: true })
  }

  /** Whatever is thrown, be it no Error, becomes an answer. */
  const answering = (what: string, handler: Handler): Handler => async context => {
    try { return await handler(context) } catch (error) {
      const failure = failed(what, error)
      return json(statuses[failure.code], failure)
    }
  }

  const app = new Hono<{ Bindings: Caller }>()
  for (const [name, call] of Object.entries(calls) as [CallName, Call][]) app.on(call.method, call.path, answering(name, handlerOf(name)))
  app.get('/healthz', answering('healthz', answerHealth))
  app.notFound(({ req }) => json(404, { code: 'BAD_REQUEST', message: `There is no ${req.method} ${req.path.slice(0, 200)} here. See docs/tracker-api.md.` } satisfies Failure))
  return {
    async fetch (request, caller) {
      // Hono would answer it by running GET and dropping the body, which for a stream has no end
      if (request.method === 'HEAD') return json(405, { code: 'BAD_REQUEST', message: 'HEAD is not answered here. Use GET.' } satisfies Failure)
      return await app.fetch(request, caller)
    }
  }
}
