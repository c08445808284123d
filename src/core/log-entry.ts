/**
 * The bytes of a group's log entries: what is signed, what is stored, what is hashed. Owns their form; what an entry may do is in group.ts,
 * who may have signed it in membership/.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { byteWriter, MalformedError, toHex } from '../contract/index.ts'
import type { AdmissionPolicy, ByteReader, ByteWriter, GroupId, GroupName, LogAction, LogEntry } from '../contract/index.ts'
import { hashBytes, inDomain, readHash, readName, readPeer, seal, unseal } from './signed.ts'
import { maxVouchBytes } from './vouch.ts'

/** A sealed entry in bytes. The largest that the rules allow is about 1 KiB. */
export const maxEntryBytes = 4096
/** What stands for "none before": `prev` of the genesis. */
export const noHash = '0'.repeat(64)

const kindBytes = { genesis: 1, request: 2, accept: 3, reject: 4, device: 5, leave: 6, remove: 7, policy: 8 } as const satisfies Record<LogAction['kind'], number>
const policyBytes = { owner: 0, open: 1 } as const satisfies Record<AdmissionPolicy, number>

/** By kind: genesis `name text16, user text16, vouch bytes16`; request, device `user, vouch`; accept, reject `user, request 32`; leave `user, successor or empty`; remove `user`; policy `u8`. */
const writeAction = (writer: ByteWriter, action: LogAction): ByteWriter => {
  switch (action.kind) {
    case 'genesis': return writer.text16(action.name).text16(action.user).bytes16(action.vouch)
    case 'request':
    case 'device': return writer.text16(action.user).bytes16(action.vouch)
    case 'accept':
    case 'reject': return writer.text16(action.user).raw(hashBytes(action.request))
    case 'leave': return writer.text16(action.user).text16(action.successor ?? '')
    case 'remove': return writer.text16(action.user)
    case 'policy': return writer.u8(policyBytes[action.policy])
  }
}

const readAction = (reader: ByteReader, kind: number): LogAction => {
  switch (kind) {
    case kindBytes.genesis: return { kind: 'genesis', name: readName(reader) as string as GroupName, user: readName(reader), vouch: reader.bytes16(maxVouchBytes) }
    case kindBytes.request: return { kind: 'request', user: readName(reader), vouch: reader.bytes16(maxVouchBytes) }
    case kindBytes.device: return { kind: 'device', user: readName(reader), vouch: reader.bytes16(maxVouchBytes) }
    case kindBytes.accept: return { kind: 'accept', user: readName(reader), request: readHash(reader) }
    case kindBytes.reject: return { kind: 'reject', user: readName(reader), request: readHash(reader) }
    case kindBytes.remove: return { kind: 'remove', user: readName(reader) }
    case kindBytes.leave: return readLeave(reader)
    case kindBytes.policy: return { kind: 'policy', policy: readPolicy(reader) }
    default: throw new MalformedError(`Kind ${kind} of log entry is not known here.`)
  }
}

/** The successor's field is empty when there is none. */
const readLeave = (reader: ByteReader): LogAction => {
  const user = readName(reader)
  return reader.left === 2 && reader.u16() === 0 ? { kind: 'leave', user } : { kind: 'leave', user, successor: readName(reader) }
}

const readPolicy = (reader: ByteReader): AdmissionPolicy => {
  const policy = reader.u8()
  if (policy === policyBytes.owner) return 'owner'
  if (policy === policyBytes.open) return 'open'
  throw new MalformedError(`Policy ${policy} is not known here.`)
}

/** `u8 1, kind u8, group 32 (zeros for the genesis), seq u64, prev 32, at u64, actor text16`, then the action. */
const entryBody = (entry: LogEntry): Uint8Array => {
  const writer = byteWriter(512).u8(entry.format).u8(kindBytes[entry.action.kind])
    .raw(hashBytes(entry.group ?? noHash)).u64(entry.seq).raw(hashBytes(entry.prev)).u64(entry.at).text16(entry.actor)
  return writeAction(writer, entry.action).finish()
}

/** The bytes that the actor's device signs. */
export const encodeEntry = (entry: LogEntry): Uint8Array => inDomain('entry', entryBody(entry))

/** The bytes that are stored, sent and hashed. */
export const sealEntry = (entry: LogEntry, signature: Uint8Array): Uint8Array => seal(entryBody(entry), signature)

export interface OpenedEntry {
  readonly entry: LogEntry
  /** The sealed entry itself. */
  readonly bytes: Uint8Array
  /** What the signature covers. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
  /** Hex SHA-256 of the sealed entry: `prev` of the next, and for a genesis the group id. */
  readonly hash: string
}

/** @throws MalformedError */
export const openEntry = (bytes: Uint8Array): OpenedEntry => {
  const { value, signed, signature } = unseal('entry', bytes, maxEntryBytes, (reader): LogEntry => {
    const kind = reader.u8()
    const group = readHash(reader) as GroupId
    const seq = reader.u64()
    const prev = readHash(reader)
    const at = reader.u64()
    const actor = readPeer(reader)
    const first = kind === kindBytes.genesis
    if (first !== (group === noHash) || first !== (seq === 0) || first !== (prev === noHash)) throw new MalformedError('Only a genesis begins a log.')
    return { format: 1, group: first ? undefined : group, seq, prev, at, actor, action: readAction(reader, kind) }
  })
  const own = bytes.slice()
  return { entry: value, bytes: own, signed, signature, hash: toHex(sha256(own)) }
}

