import { describe, expect, test } from 'vitest'
import { openEntry, sealEntry } from '../../src/core/log-entry.ts'
import { verifyEntry } from '../../src/keys/verify-entry.ts'
import { cast, group, keyOf, user, write } from '../core/cast.ts'

const realm = await cast()
const [alice, bob] = await Promise.all([keyOf(1), keyOf(2)])
const genesis = async (vouch: Uint8Array) => await write(undefined, alice, { kind: 'genesis', name: group('g'), user: user('alice'), vouch })

describe('an entry', () => {
  test('that its device signed and the realm vouched for holds', async () => {
    expect(await verifyEntry(await genesis(await realm.vouch('alice', alice.peer)), realm.realm.key)).toBeUndefined()
  })

  test('that another device signed does not hold', async () => {
    const { entry, signed } = await genesis(await realm.vouch('alice', alice.peer))
    expect(await verifyEntry(openEntry(sealEntry(entry, await bob.sign(signed))), realm.realm.key)).toMatch(/not signed by the device/)
  })

  test('of which a byte changed does not hold', async () => {
    const { bytes } = await genesis(await realm.vouch('alice', alice.peer))
    const changed = bytes.slice()
    const at = changed.byteLength - 100 // inside the vouch
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(await verifyEntry(openEntry(changed), realm.realm.key)).toMatch(/not signed/)
  })

  test('with the vouch of another device, user or realm, or with none, does not hold', async () => {
    const other = await cast(201)
    expect(await verifyEntry(await genesis(await realm.vouch('alice', bob.peer)), realm.realm.key)).toMatch(/not for that user and device/)
    expect(await verifyEntry(await genesis(await realm.vouch('bob', alice.peer)), realm.realm.key)).toMatch(/not for that user and device/)
    expect(await verifyEntry(await genesis(await other.vouch('alice', alice.peer)), realm.realm.key)).toMatch(/another realm/)
    expect(await verifyEntry(await genesis(new Uint8Array(3)), realm.realm.key)).toMatch(/cannot be read/)
  })

  test('with a vouch that names the realm and is signed by another key does not hold', async () => {
    const vouch = (await realm.vouch('alice', alice.peer)).slice()
    vouch.set(new Uint8Array(64), vouch.byteLength - 64)
    expect(await verifyEntry(await genesis(vouch), realm.realm.key)).toMatch(/not signed by the realm/)
  })

  test('without a vouch needs only its signature', async () => {
    const first = await genesis(await realm.vouch('alice', alice.peer))
    const after = { id: first.hash as never, head: { seq: 0, hash: first.hash } }
    expect(await verifyEntry(await write(after, alice, { kind: 'policy', policy: 'open' }), realm.realm.key)).toBeUndefined()
  })
})
