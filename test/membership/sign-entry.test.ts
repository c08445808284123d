import { expect, it } from 'vitest'
import { MalformedError } from '../../src/contract/index.ts'
import { noHash, openEntry } from '../../src/core/log-entry.ts'
import { verifyEntry } from '../../src/keys/verify-entry.ts'
import { signEntry } from '../../src/membership/index.ts'
import { cast, group, keyOf, user } from '../core/cast.ts'

it('a signed entry holds, and with any byte changed does not', async () => {
  const { realm, vouch } = await cast()
  const alice = await keyOf(1)
  const action = { kind: 'genesis', name: group('team'), user: user('alice'), vouch: await vouch('alice', alice.peer) } as const
  const { bytes } = await signEntry({ format: 1, group: undefined, seq: 0, prev: noHash, at: 1, actor: alice.peer, action }, alice)
  expect(await verifyEntry(openEntry(bytes), realm.key)).toBeUndefined()
  for (let at = 0; at < bytes.length; at++) {
    for (const bit of [1, 128]) {
      const changed = bytes.map((byte, i) => i === at ? byte ^ bit : byte)
      let why: string | undefined
      try { why = await verifyEntry(openEntry(changed), realm.key) } catch (error) { expect(error).toBeInstanceOf(MalformedError); why = 'malformed' }
      expect(why, `byte ${at}`).toBeDefined()
    }
  }
})
