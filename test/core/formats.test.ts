import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, MalformedError, toHex } from '../../src/contract/index.ts'
import type { Credential, LogEntry, Manifest, PeerId } from '../../src/contract/index.ts'
import { contentId, nameTag, realmPin } from '../../src/core/content-id.ts'
import { credentialStatement, decodeCredential, encodeCredential } from '../../src/core/credential.ts'
import { foldGroup } from '../../src/core/group.ts'
import { encodeEntry, openEntry, sealEntry } from '../../src/core/log-entry.ts'
import { channelStatement, decodeToken, decodeVouch, encodeToken, encodeVouch, loginStatement, peerStatement, tlsStatement, tokenStatement, vouchStatement } from '../../src/core/vouch.ts'
import type { SessionToken, Vouch } from '../../src/core/vouch.ts'
import { cast, keyOf } from './cast.ts'

interface Sealed<T> { readonly value: T, readonly sealed: string }
interface Fixture {
  readonly keys: {
    readonly realm: { readonly seedByte: number, readonly publicKey: string, readonly pin: string }
    readonly devices: Record<string, { readonly seedByte: number, readonly peer: PeerId }>
  }
  readonly contentIds: readonly { readonly manifest: Manifest, readonly rootDependsOnPieceLength: boolean, readonly id: string }[]
  readonly nameTags: readonly { readonly name: string, readonly tag: string }[]
  readonly login: { readonly user: string, readonly device: PeerId, readonly at: number, readonly statement: string }
  readonly tls: { readonly spki: string, readonly statement: string }
  readonly peer: { readonly peer: PeerId, readonly statement: string }
  readonly vouch: Sealed<Vouch> & { readonly statement: string }
  readonly token: Sealed<SessionToken>
  readonly entries: readonly { readonly entry: LogEntry, readonly sealed: string, readonly hash: string }[]
  readonly credentials: readonly Sealed<Credential>[]
}

const released = JSON.parse(readFileSync(new URL('../fixtures/formats/v1.json', import.meta.url), 'utf8')) as Fixture
const { realm } = await cast(released.keys.realm.seedByte)

/** JSON has no bytes and no `undefined`. */
const asJson = (entry: LogEntry): unknown => JSON.parse(JSON.stringify(entry, (_, value: unknown) => value instanceof Uint8Array ? toHex(value) : value))

describe('the bytes of format 1 as released', () => {
  it('keep the keys', async () => {
    expect({ publicKey: toHex(realm.key), pin: realm.pin }).toEqual({ publicKey: released.keys.realm.publicKey, pin: released.keys.realm.pin })
    for (const { seedByte, peer } of Object.values(released.keys.devices)) expect((await keyOf(seedByte)).peer).toBe(peer)
  })
  it('keep content ids', () => {
    for (const { manifest, rootDependsOnPieceLength, id } of released.contentIds) expect(contentId(manifest, { rootDependsOnPieceLength })).toBe(id)
  })
  it('keep name tags', () => { for (const { name, tag } of released.nameTags) expect(nameTag(name)).toBe(tag) })
  it('keep what a login and the key of a channel are signed over', () => {
    expect(toHex(loginStatement(realm.pin, released.login.user, released.login.device, released.login.at))).toBe(released.login.statement)
    expect(toHex(tlsStatement(fromHex(released.tls.spki)))).toBe(released.tls.statement)
    expect(toHex(channelStatement({ kind: 'tls', spki: fromHex(released.tls.spki) }))).toBe(released.tls.statement)
    expect(toHex(channelStatement({ kind: 'peer', peer: released.peer.peer }))).toBe(released.peer.statement)
  })
  it('keep vouches', async () => {
    const { value: { realm: pin, user, device }, statement, sealed } = released.vouch
    expect(toHex(vouchStatement(pin, user, device))).toBe(statement)
    expect(toHex(encodeVouch(released.vouch.value, await realm.signer.sign(fromHex(statement))))).toBe(sealed)
    const opened = decodeVouch(fromHex(sealed))
    expect({ value: opened.value, signed: toHex(opened.signed) }).toEqual({ value: released.vouch.value, signed: statement })
  })
  it('keep session tokens', async () => {
    const { value, sealed } = released.token
    expect(encodeToken(value, await realm.signer.sign(tokenStatement(value)))).toBe(sealed)
    expect(decodeToken(sealed)).toMatchObject({ value, signed: tokenStatement(value) })
  })
  it('keep log entries of every kind, and the group that they make', () => {
    const opened = released.entries.map(({ entry, sealed, hash }) => {
      const one = openEntry(fromHex(sealed))
      expect({ entry: asJson(one.entry), hash: one.hash }).toEqual({ entry, hash })
      expect(toHex(sealEntry(one.entry, one.signature))).toBe(sealed)
      expect(encodeEntry(one.entry)).toEqual(one.signed)
      return one
    })
    expect(new Set(opened.map(({ entry }) => entry.action.kind))).toEqual(new Set(['genesis', 'request', 'accept', 'reject', 'device', 'leave', 'remove', 'policy']))
    expect(foldGroup(opened)).toMatchObject({ id: released.entries[0]?.hash, dissolved: true, head: { seq: opened.length - 1 } })
  })
  it('keep credentials', async () => {
    for (const { value, sealed } of released.credentials) {
      expect(toHex(encodeCredential(value, await realm.signer.sign(credentialStatement(value))))).toBe(sealed)
      expect(decodeCredential(fromHex(sealed))).toMatchObject({ value, signed: credentialStatement(value) })
    }
  })
})

describe('a content id', () => {
  it('is the SHA-256 of its layout, written here by hand', () => {
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(5_000_000_000n)
    const bytes = Buffer.concat([
      Buffer.from([0, 16]), Buffer.from('shoal content id'), Buffer.from([1]), Buffer.from([0, 6]), Buffer.from('sha256'), Buffer.from([0, 4]), Buffer.from('none'),
      length, Buffer.from([0, 32]), Buffer.alloc(32, 0xab), Buffer.from([0, 0, 0, 0])
    ])
    const manifest: Manifest = { format: 1, scheme: 'sha256', coding: 'none', length: 5_000_000_000, pieceLength: 16384, root: 'ab'.repeat(32) }
    expect(contentId(manifest, { rootDependsOnPieceLength: false })).toBe(createHash('sha256').update(bytes).digest('hex'))
  })
  it('changes with the piece length only if the root does', () => {
    const manifest: Manifest = { format: 1, scheme: 'sha256', coding: 'none', length: 1, pieceLength: 16384, root: 'ab'.repeat(32) }
    const id = (pieceLength: number, rootDependsOnPieceLength: boolean): string => contentId({ ...manifest, pieceLength }, { rootDependsOnPieceLength })
    expect(id(16384, false)).toBe(id(32768, false))
    expect(id(16384, true)).not.toBe(id(32768, true))
  })
})

describe('a realm pin', () => {
  it('is the SHA-256 of the raw key', () => { expect(realmPin(realm.key)).toBe(createHash('sha256').update(realm.key).digest('hex')) })
  it('is of 32 bytes only', () => { expect(() => realmPin(new Uint8Array(31))).toThrow(RangeError) })
})

describe('statements', () => {
  it('of different kinds never share a byte string', () => {
    const pin = realm.pin
    const { user, device } = released.vouch.value
    const all = [vouchStatement(pin, user, device), loginStatement(pin, user, device, 1), tlsStatement(realm.key), peerStatement(device), tokenStatement(released.token.value), ...released.credentials.map(({ value }) => credentialStatement(value)), encodeEntry(openEntry(fromHex(released.entries[0]?.sealed ?? '')).entry)]
    expect(new Set(all.map(toHex)).size).toBe(all.length)
    expect(new Set(all.map(bytes => toHex(bytes.subarray(0, 20)))).size).toBe(7)
  })
})

const sealedForms = [
  ['a vouch', decodeVouch, [released.vouch.sealed]],
  ['a log entry', openEntry, released.entries.map(({ sealed }) => sealed)],
  ['a credential', decodeCredential, released.credentials.map(({ sealed }) => sealed)]
] as const

describe.each(sealedForms)('%s', (_, open, sealed) => {
  const outcome = (bytes: Uint8Array): unknown => {
    try { return open(bytes) } catch (error) {
      if (error instanceof MalformedError) return undefined
      throw error
    }
  }
  it('cut short or made longer is malformed', () => {
    for (const hex of sealed) {
      const bytes = fromHex(hex)
      for (let length = 0; length < bytes.byteLength; length++) expect(outcome(bytes.subarray(0, length))).toBeUndefined()
      expect(outcome(Uint8Array.of(...bytes, 0))).toBeUndefined()
      expect(outcome(new Uint8Array(5000))).toBeUndefined()
    }
  })
  it('of an unknown format is malformed', () => {
    for (const hex of sealed) for (const format of [0, 2, 255]) { const bytes = fromHex(hex); bytes[0] = format; expect(outcome(bytes)).toBeUndefined() }
  })
  it('never reads garbage as anything but malformed', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), bytes => { expect(outcome(bytes)).toBeUndefined() }), { numRuns: 500 })
  })
  it('with any bit changed is malformed, or covers other bytes, or has another signature', () => {
    for (const hex of sealed) {
      const honest = open(fromHex(hex))
      fc.assert(fc.property(fc.nat(hex.length / 2 - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = fromHex(hex)
        bytes[at] = (bytes[at] ?? 0) ^ flip
        const opened = outcome(bytes) as ReturnType<typeof open> | undefined
        if (opened !== undefined) expect(toHex(opened.signed) + toHex(opened.signature)).not.toBe(toHex(honest.signed) + toHex(honest.signature))
      }), { numRuns: 200 })
    }
  })
  it('keeps nothing of the buffer it was read from', () => {
    const bytes = fromHex(sealed[0])
    const opened = open(bytes)
    const before = JSON.stringify(opened)
    bytes.fill(0xff)
    expect(JSON.stringify(opened)).toBe(before)
  })
})

describe('the first place of a log', () => {
  const at = (place: number): LogEntry => openEntry(fromHex(released.entries[place]?.sealed ?? '')).entry
  const reopened = (entry: LogEntry): unknown => openEntry(sealEntry(entry, new Uint8Array(64)))
  it('is for a genesis, and a genesis for it', () => {
    const [genesis, request] = [at(0), at(1)]
    expect(reopened(genesis)).toMatchObject({ entry: genesis })
    expect(() => reopened({ ...genesis, seq: 1 })).toThrow(MalformedError)
    expect(() => reopened({ ...genesis, prev: request.prev })).toThrow(MalformedError)
    expect(() => reopened({ ...genesis, group: request.group })).toThrow(MalformedError)
    expect(() => reopened({ ...request, seq: 0 })).toThrow(MalformedError)
    expect(() => reopened({ ...request, prev: genesis.prev })).toThrow(MalformedError)
    expect(() => reopened({ ...request, group: undefined })).toThrow(MalformedError)
  })
})

describe('a session token', () => {
  it('is one word', () => { expect(released.token.sealed).toMatch(/^[0-9A-Za-z_-]+$/) })
  it('is read in its one spelling only', () => {
    const { sealed } = released.token
    for (const other of ['', 'x', ' ' + sealed, sealed + '=', sealed + 'A', sealed.slice(0, -1), sealed.slice(0, -1) + '+', 'é'.repeat(40), 'A'.repeat(10_000)]) {
      expect(() => decodeToken(other)).toThrow(MalformedError)
    }
  })
  it('never reads garbage', () => {
    fc.assert(fc.property(fc.base64String({ maxLength: 600 }), text => { expect(() => decodeToken(text.replaceAll('=', ''))).toThrow(MalformedError) }))
  })
})
