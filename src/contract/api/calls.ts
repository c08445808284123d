/**
 * Every call of the tracker's API in one table: method, path, and one schema for each message, which gives validation and types to both sides.
 * docs/tracker-api.md is held against it by a test. Owns how a request's fields are spread over path, query and body.
 */
import { z } from 'zod'
import { ShoalError } from '../errors.ts'
import * as account from './account.ts'
import * as catalog from './catalog.ts'
import * as groups from './groups.ts'
import * as presence from './presence.ts'

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** `:field` is a field of the request. The other fields are in the query of GET and DELETE, and in the JSON body of POST. */
  readonly path: string
  /** Whether it needs the token of a session. */
  readonly session: boolean
  /** Whether asking twice has the effect of asking once: it may be sent again when it is not known whether it arrived. */
  readonly repeatable: boolean
  /** Unknown fields are refused. */
  readonly request: z.ZodType
  /** Unknown fields are skipped: a later tracker may say more. */
  readonly reply: z.ZodType
}

export const calls = {
  realm: { method: 'GET', path: '/v1/realm', session: false, repeatable: true, request: account.nothing, reply: account.realmReply },
  passwordParameters: { method: 'POST', path: '/v1/password-parameters', session: false, repeatable: true, request: account.parametersRequest, reply: account.parametersReply },
  register: { method: 'POST', path: '/v1/users', session: false, repeatable: true, request: account.registerRequest, reply: account.done },
  login: { method: 'POST', path: '/v1/sessions', session: false, repeatable: true, request: account.loginRequest, reply: account.loginReply },
  logout: { method: 'DELETE', path: '/v1/session', session: true, repeatable: false, request: account.nothing, reply: account.done },
  groups: { method: 'GET', path: '/v1/groups', session: true, repeatable: true, request: groups.groupsRequest, reply: groups.groupsReply },
  createGroup: { method: 'POST', path: '/v1/groups', session: true, repeatable: true, request: groups.createGroupRequest, reply: groups.createGroupReply },
  log: { method: 'GET', path: '/v1/groups/:group/log', session: true, repeatable: true, request: groups.logRequest, reply: groups.logReply },
  append: { method: 'POST', path: '/v1/groups/:group/log', session: true, repeatable: true, request: groups.appendRequest, reply: groups.appendReply },
  credential: { method: 'GET', path: '/v1/groups/:group/credential', session: true, repeatable: true, request: groups.credentialRequest, reply: groups.credentialReply },
  files: { method: 'GET', path: '/v1/groups/:group/files', session: true, repeatable: true, request: catalog.filesRequest, reply: catalog.filesReply },
  share: { method: 'POST', path: '/v1/groups/:group/files', session: true, repeatable: true, request: catalog.shareRequest, reply: catalog.shareReply },
  unshare: { method: 'DELETE', path: '/v1/groups/:group/files', session: true, repeatable: false, request: catalog.unshareRequest, reply: account.done },
  announce: { method: 'POST', path: '/v1/announcements', session: true, repeatable: true, request: presence.announceRequest, reply: presence.announceReply },
  peers: { method: 'GET', path: '/v1/peers', session: true, repeatable: true, request: account.nothing, reply: presence.peersReply },
  /** A stream of server-sent events: the reply is the schema of one. */
  watch: { method: 'GET', path: '/v1/events', session: true, repeatable: true, request: presence.watchRequest, reply: presence.event }
} as const satisfies Record<string, Call>

export type Calls = typeof calls
export type CallName = keyof Calls
export type RequestOf<K extends CallName> = z.output<Calls[K]['request']>
export type ReplyOf<K extends CallName> = z.output<Calls[K]['reply']>

const fieldsInPath = (path: string): readonly string[] => Array.from(path.matchAll(/:(\w+)/g), ([, field = '']) => field)

/** A request as HTTP carries it. */
export interface Spread { readonly path: string, readonly body: string | undefined }

const issueText = ({ issues: [issue] }: z.ZodError): string => {
  const field = issue?.path.map(String).join('.') ?? ''
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.map(key => [field, key].filter(part => part !== '').join('.').slice(0, 80)).join(', ') : undefined
  return unknown === undefined ? `${field === '' ? 'the message' : field}: ${issue?.message ?? 'is not of its form'}` : `${unknown}: is not a field of this message`
}

export type Decoded<T> = { readonly ok: true, readonly value: T } | { readonly ok: false, /** Names the field. */ readonly problem: string }

/** The same table, for code that is generic in the call. */
const schemas: { readonly [K in CallName]: { readonly request: z.ZodType<RequestOf<K>>, readonly reply: z.ZodType<ReplyOf<K>> } } = calls

const decode = <T>(schema: z.ZodType<T>, fields: unknown): Decoded<T> => {
  const result = schema.safeParse(fields)
  return result.success ? { ok: true, value: result.data } : { ok: false, problem: issueText(result.error) }
}

export const decodeRequest = <K extends CallName>(name: K, fields: unknown): Decoded<RequestOf<K>> => decode(schemas[name].request, fields)
export const decodeReply = <K extends CallName>(name: K, fields: unknown): Decoded<ReplyOf<K>> => decode(schemas[name].reply, fields)
/** @returns what JSON.stringify takes. @throws z.ZodError when a field is not of its form */
export const encodeReply = <K extends CallName>(name: K, reply: ReplyOf<K>): unknown => z.encode(schemas[name].reply, reply)

/** @throws ShoalError BAD_REQUEST when a field is not of its form */
export const spread = <K extends CallName>(name: K, request: RequestOf<K>): Spread => {
  const call: Call = calls[name]
  const encoded = z.safeEncode(schemas[name].request, request)
  if (!encoded.success) throw new ShoalError('BAD_REQUEST', `Cannot ask the tracker: ${issueText(encoded.error)}.`)
  const fields = new Map(Object.entries(encoded.data as object).filter(([, value]) => value !== undefined))
  let path = call.path
  for (const field of fieldsInPath(call.path)) {
    path = path.replace(`:${field}`, encodeURIComponent(String(fields.get(field))))
    fields.delete(field)
  }
  if (call.method === 'POST') return { path, body: JSON.stringify(Object.fromEntries(fields)) }
  const query = new URLSearchParams(Array.from(fields, ([field, value]): [string, string] => [field, String(value)])).toString()
  return { path: query === '' ? path : `${path}?${query}`, body: undefined }
}
