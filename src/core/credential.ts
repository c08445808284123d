/**
 * The credential: the realm's word, for a day, that a device is in a group. Owns its bytes and the rule by which a member believes it.
 * The signature is checked in membership/, before the rule.
 */
import { byteWriter, MalformedError } from '../contract/index.ts'
import type { Credential, GroupId, PeerId, RealmPin } from '../contract/index.ts'
import { hashBytes, inDomain, readHash, readName, readPeer, seal, unseal } from './signed.ts'
import type { Opened } from './signed.ts'

/** A sealed credential in bytes. */
export const maxCredentialBytes = 1024
/** How long a credential lasts unless the tracker says otherwise. Holders renew it when half of that has passed. */
export const credentialLifeMs = 24 * 60 * 60 * 1000

/** `u8 1, realm 32, group 32, user text16, device text16, role u8 (1: owner), seq u64, not after u64`. */
const credentialBody = (credential: Credential): Uint8Array =>
  byteWriter(256).u8(credential.format).raw(hashBytes(credential.realm)).raw(hashBytes(credential.group)).text16(credential.user).text16(credential.device)
    .u8(credential.role === 'owner' ? 1 : 0).u64(credential.seq).u64(credential.notAfter).finish()

export const credentialStatement = (credential: Credential): Uint8Array => inDomain('credential', credentialBody(credential))

export const encodeCredential = (credential: Credential, signature: Uint8Array): Uint8Array => seal(credentialBody(credential), signature)

/** @throws MalformedError */
export const decodeCredential = (bytes: Uint8Array): Opened<Credential> => unseal('credential', bytes, maxCredentialBytes, (reader): Credential => {
  const realm = readHash(reader)
  const group = readHash(reader) as GroupId
  const user = readName(reader)
  const device = readPeer(reader)
  const role = reader.u8()
  if (role > 1) throw new MalformedError(`Role ${role} is not known here.`)
  return { format: 1, realm, group, user, device, role: role === 1 ? 'owner' : 'member', seq: reader.u64(), notAfter: reader.u64() }
})

export interface CredentialFacts {
  readonly realm: RealmPin
  /** Whom the connection proved. */
  readonly peer: PeerId
  /** For which it is shown. */
  readonly group: GroupId
  /** Unix ms. */
  readonly now: number
  /** Sequence of the newest entry known here by which that user left or was removed. */
  readonly removedAt: number | undefined
}

/** @returns why it does not hold, or undefined when it does */
export const checkCredential = (credential: Credential, facts: CredentialFacts): string | undefined => {
  if (credential.realm !== facts.realm) return 'it is of another realm'
  if (credential.device !== facts.peer) return 'it is of another device'
  if (credential.group !== facts.group) return 'it is for another group'
  if (credential.notAfter < facts.now) return 'it has expired'
  // Whoever had seen that entry would not have issued it, hence not only after it.
  if (facts.removedAt !== undefined && facts.removedAt >= credential.seq) return 'the user has been removed since'
  return undefined
}
