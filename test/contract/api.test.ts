import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { calls, decodeReply, decodeRequest, encodeReply, maxAnnounced, maxBodyBytes, spread, statuses } from '../../src/contract/api/index.ts'
import type { CallName, ReplyOf, RequestOf } from '../../src/contract/api/index.ts'
import { errorCodes } from '../../src/contract/index.ts'
import type { ContentId, GroupId, GroupName, NameTag, PeerId, UserName } from '../../src/contract/index.ts'
import { callRows, statusRows } from './api-table.ts'

const group = 'a1'.repeat(32) as GroupId
const content = 'c2'.repeat(32) as ContentId
const tag = 'd3'.repeat(32) as NameTag
const peer = '12D3KooWGQmdpzHXCqLno4mMxWXKNFQHASBeF99gTm2JR8Vu5Bdc' as PeerId
const [user, groupName] = ['Ζωή' as UserName, 'friends' as GroupName]
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i * 7 % 256)
const manifest = { format: 1, length: 5, pieceLength: 16_384, scheme: 'sha256', coding: 'none', root: 'ab'.repeat(32) } as const
const sighting = { group, content, role: 'source', peer, user, addresses: ['/ip4/192.0.2.1/tcp/1'] } as const
const parameters = { salt: bytes(16), memoryKiB: 19_456, passes: 2, lanes: 1 }

/** One of each, with every optional field. */
const samples: { readonly [K in CallName]: { readonly request: RequestOf<K>, readonly reply: ReplyOf<K> } } = {
  realm: { request: {}, reply: { key: bytes(32), spki: bytes(91), signature: bytes(64) } },
  passwordParameters: { request: { user }, reply: parameters },
  register: { request: { user, parameters, key: bytes(32) }, reply: {} },
  login: { request: { user, key: bytes(32), device: peer, at: 1_700_000_000_000, signature: bytes(64) }, reply: { token: 'abc-_.~', vouch: bytes(200), expires: 1_800_000_000_000, relays: ['/ip4/192.0.2.1/tcp/1'], stun: ['192.0.2.1:3478'] } },
  logout: { request: {}, reply: {} },
  groups: { request: { name: 'any thing & more' }, reply: { groups: [{ id: group, name: groupName, owner: user, state: 'requested', policy: 'open', head: { seq: 3, hash: tag } }] } },
  createGroup: { request: { genesis: bytes(4096) }, reply: { group } },
  log: { request: { group, from: 12 }, reply: { entries: [bytes(0), bytes(300)] } },
  append: { request: { group, entry: bytes(1) }, reply: { result: 'moved' } },
  credential: { request: { group }, reply: { credential: bytes(400) } },
  files: {
    request: { group, name: 'ä+ /?&=%.iso', after: tag },
    reply: { files: [{ tag, name: 'a.iso', versions: [{ content, manifest, combined: 'ab', sharers: [{ user, peer, online: true, since: 0 }], at: 7 }] }] }
  },
  share: { request: { group, name: 'a.iso', manifest, content, combined: 'ab', replace: false }, reply: { result: 'listed' } },
  unshare: { request: { group, name: 'a b' }, reply: {} },
  announce: {
    request: { sequence: 1, full: true, added: [{ group, content, role: 'wanter' }], removed: [], addresses: ['/ip4/192.0.2.1/tcp/1'], transports: ['tcp'], seek: [{ group, content }] },
    reply: { resync: false, sightings: [sighting], heartbeatMs: 5000 }
  },
  peers: { request: {}, reply: { peers: [{ user, peer, since: 1, transports: ['tcp'], groups: [groupName] }] } },
  watch: { request: { from: '12.3' }, reply: { type: 'sighted', sighting } }
}
const names = Object.keys(calls) as CallName[]

/** What arrives at the tracker of what a client spreads over path, query and body. */
const arrived = (name: CallName, { path, body }: { readonly path: string, readonly body: string | undefined }): Record<string, unknown> => {
  const url = new URL(path, 'https://tracker')
  const pattern = calls[name].path.split('/')
  const inPath = url.pathname.split('/').flatMap((part, i) => pattern[i]?.startsWith(':') === true ? [[pattern[i].slice(1), decodeURIComponent(part)]] : [])
  return { ...Object.fromEntries(inPath) as object, ...Object.fromEntries(url.searchParams), ...(body === undefined ? {} : JSON.parse(body) as object) }
}

describe('the messages of the tracker API', () => {
  it.each(names)('%s: request and reply arrive as they were sent', name => {
    const { request, reply } = samples[name]
    expect(decodeRequest(name, arrived(name, spread(name, request as never)))).toEqual({ ok: true, value: request })
    expect(decodeReply(name, JSON.parse(JSON.stringify(encodeReply(name, reply as never))))).toEqual({ ok: true, value: reply })
  })

  it.each(names)('%s: an unknown field is refused in a request, by its name, and skipped in a reply', name => {
    const { request, reply } = samples[name]
    const more = { ...arrived(name, spread(name, request as never)), extra: 1 }
    expect(decodeRequest(name, more)).toEqual({ ok: false, problem: 'extra: is not a field of this message' })
    const later = { ...encodeReply(name, reply as never) as object, extra: { of: 'a later tracker' } }
    expect(decodeReply(name, later)).toEqual({ ok: true, value: reply })
  })

  it.each(names)('%s: a request without one of its fields is refused by the name of the field, unless it is optional', name => {
    const whole = arrived(name, spread(name, samples[name].request as never))
    for (const field of Object.keys(whole)) {
      const result = decodeRequest(name, Object.fromEntries(Object.entries(whole).filter(([other]) => other !== field)))
      if (!result.ok) expect(result.problem).toMatch(new RegExp(`^${field}: `))
      else expect(callRows().find(row => row.startsWith(`| ${name} |`))).toContain(`${field}?`)
    }
  })

  it('refuses what is too long, too short or of another form, and says where', () => {
    const wrong: readonly (readonly [CallName, object, string])[] = [
      ['createGroup', { genesis: Buffer.alloc(4097).toString('base64') }, 'genesis: must be at most 4096 bytes'],
      ['createGroup', { genesis: 'AA=' }, 'genesis: must be at most 4096 bytes in base64'],
      ['createGroup', { genesis: 'AA==AAAA' }, 'genesis: must be at most 4096 bytes in base64'],
      ['register', { user: 'a', parameters: samples.register.request.parameters, key: Buffer.alloc(31).toString('base64') }, 'parameters.salt'],
      ['login', { ...arrived('login', spread('login', samples.login.request)), key: Buffer.alloc(31).toString('base64') }, 'key: must be exactly 32 bytes'],
      ['login', { ...arrived('login', spread('login', samples.login.request)), device: 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N' }, 'device: must be the peer id of an Ed25519 key'],
      ['login', { ...arrived('login', spread('login', samples.login.request)), user: 'x'.repeat(1025) }, 'user: must be at most 1024 characters'],
      ['log', { group: group.toUpperCase(), from: '0' }, 'group: must be 64 lower-case hex digits'],
      ['log', { group, from: '-1' }, 'from: must be an integer from 0'],
      ['log', { group, from: '01' }, 'from: must be an integer from 0'],
      ['log', { group, from: '9999999999999999' }, 'from: '],
      ['announce', { ...samples.announce.request, added: Array.from({ length: maxAnnounced + 1 }, () => ({ group, content, role: 'source' })) }, 'added: must have at most 256 items'],
      ['announce', { ...samples.announce.request, added: [{ group, content, role: 'leech' }] }, 'added.0.role: '],
      ['announce', { ...samples.announce.request, added: [{ group, content, role: 'source', port: 1 }] }, 'added.0.port: is not a field of this message'],
      ['announce', { ...samples.announce.request, sequence: 0 }, 'sequence: '],
      ['share', { ...samples.share.request, manifest: { ...manifest, format: 2 } }, 'manifest.format: '],
      ['watch', { from: 'two\nlines' }, 'from: must be 1 to 256 visible ASCII characters']
    ]
    for (const [name, fields, problem] of wrong) {
      const result = decodeRequest(name, fields)
      expect(result.ok ? 'accepted' : result.problem, `${name} ${problem}`).toContain(problem)
    }
  })

  it('the longest announcement fits into a body', () => {
    const item = { group, content, role: 'source' } as const
    const { body } = spread('announce', {
      sequence: 2 ** 40, full: true, added: Array.from({ length: maxAnnounced }, () => item), removed: [],
      addresses: Array.from({ length: 32 }, () => 'x'.repeat(256)), transports: [], seek: Array.from({ length: 50 }, () => ({ group, content }))
    })
    expect(body?.length).toBeLessThan(maxBodyBytes)
    const differing = spread('announce', { sequence: 1, full: false, added: Array.from({ length: 128 }, () => item), removed: Array.from({ length: 128 }, () => item), seek: [] })
    expect(differing.body?.length).toBeLessThan(maxBodyBytes)
  })

  it('what a client would send wrongly is refused before it is sent', () => {
    expect(() => spread('createGroup', { genesis: bytes(5000) })).toThrow(expect.objectContaining({ code: 'BAD_REQUEST', message: expect.stringContaining('genesis') as string }))
  })
})

describe('docs/tracker-api.md', () => {
  const page = readFileSync(new URL('../../docs/tracker-api.md', import.meta.url), 'utf8')
  const rowsUnder = (heading: string): readonly string[] => (page.split(heading)[1] ?? '').split('\n## ')[0]?.split('\n').filter(line => line.startsWith('| ')).slice(1) ?? []

  it('lists exactly the calls and fields of the schemas', () => {
    expect(rowsUnder('## Calls')).toEqual(callRows())
  })

  it('lists exactly the codes and statuses', () => {
    expect(rowsUnder('## Failures')).toEqual(statusRows())
    for (const code of Object.keys(statuses)) expect(Object.keys(errorCodes)).toContain(code)
  })
})
