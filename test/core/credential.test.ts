import { describe, expect, it } from 'vitest'
import type { Credential, GroupId, PeerId, RealmPin } from '../../src/contract/index.ts'
import { checkCredential } from '../../src/core/credential.ts'
import { user } from './cast.ts'

const peer = 'peer' as PeerId
const group = 'group' as GroupId
const realm = 'realm' as RealmPin
const credential: Credential = { format: 1, realm, group, user: user('bob'), device: peer, role: 'member', seq: 10, notAfter: 1000 }
const facts = { realm, peer, group, now: 1000, removedAt: undefined }

describe('a credential', () => {
  it('holds to its last millisecond', () => {
    expect(checkCredential(credential, facts)).toBeUndefined()
    expect(checkCredential(credential, { ...facts, now: 1001 })).toBe('it has expired')
  })
  it('holds for its own device, group and realm', () => {
    expect(checkCredential(credential, { ...facts, peer: 'other' as PeerId })).toBe('it is of another device')
    expect(checkCredential(credential, { ...facts, group: 'other' as GroupId })).toBe('it is for another group')
    expect(checkCredential(credential, { ...facts, realm: 'other' as RealmPin })).toBe('it is of another realm')
  })
  it('falls with a removal after it, not with one before', () => {
    expect(checkCredential(credential, { ...facts, removedAt: 9 })).toBeUndefined()
    expect(checkCredential(credential, { ...facts, removedAt: 10 })).toBe('the user has been removed since')
    expect(checkCredential(credential, { ...facts, removedAt: 11 })).toBe('the user has been removed since')
  })
})
