/**
 * Groups as stories, so that a rule is one line of a test: `alice makes`, `bob asks`, `alice accepts bob`, `alice@laptop adds`, `alice leaves to bob`.
 * A name is a user on the device of that name; `alice@laptop` is alice on another. Signatures are real.
 */
import { ShoalError } from '../../src/contract/index.ts'
import type { Group, LogAction } from '../../src/contract/index.ts'
import { foldGroup } from '../../src/core/group.ts'
import { noHash } from '../../src/core/log-entry.ts'
import type { OpenedEntry } from '../../src/core/log-entry.ts'
import { cast, group as groupName, keyOf, user, write } from './cast.ts'
import type { SigningKey } from '../../src/keys/ed25519.ts'

const devices = new Map<string, Promise<SigningKey>>()
/** The key of a device by its name; the same within a test file. */
export const device = (name: string): Promise<SigningKey> => {
  const known = devices.get(name) ?? keyOf(devices.size + 1)
  devices.set(name, known)
  return known
}

const { realm, vouch } = await cast()
export { realm, vouch }

const actionOf = async (group: Group | undefined, who: string, key: SigningKey, verb: string, object: string): Promise<LogAction> => {
  const request = group?.requests.get(user(object))?.hash ?? noHash
  switch (verb) {
    case 'makes': return { kind: 'genesis', name: groupName('team'), user: user(who), vouch: await vouch(who, key.peer) }
    case 'asks': return { kind: 'request', user: user(who), vouch: await vouch(who, key.peer) }
    case 'adds': return { kind: 'device', user: user(who), vouch: await vouch(who, key.peer) }
    case 'accepts': return { kind: 'accept', user: user(object), request }
    case 'rejects': return { kind: 'reject', user: user(object), request }
    case 'removes': return { kind: 'remove', user: user(object) }
    case 'opens': return { kind: 'policy', policy: 'open' }
    case 'closes': return { kind: 'policy', policy: 'owner' }
    case 'leaves': return object === '' ? { kind: 'leave', user: user(who) } : { kind: 'leave', user: user(who), successor: user(object) }
    default: throw new Error(`No such verb: ${verb}`)
  }
}

/** The signed entry that a line of a story would add to the group. */
export const entryFor = async (group: Group | undefined, line: string): Promise<OpenedEntry> => {
  const [actor = '', verb = '', ...objects] = line.split(' ')
  const key = await device(actor.includes('@') ? actor.slice(actor.indexOf('@') + 1) : actor)
  return write(group, key, await actionOf(group, actor.replace(/@.*/, ''), key, verb, objects.at(-1) ?? ''))
}

/** The signed entries of a story, every line of which must be legal. */
export const logOf = async (...lines: readonly string[]): Promise<{ readonly entries: readonly OpenedEntry[], readonly group: Group }> => {
  const entries: OpenedEntry[] = []
  let group: Group | undefined
  for (const line of lines) {
    const opened = await entryFor(group, line)
    entries.push(opened)
    group = foldGroup([opened], group)
  }
  if (group === undefined) throw new Error('A story has a line.')
  return { entries, group }
}

/** `alice*`: the owner; `bob+1`: with one more device. */
export const shown = (group: Group): string => {
  const members = [...group.members.values()].map(({ user, devices }) => user + (user === group.owner ? '*' : '') + (devices.length > 1 ? `+${devices.length - 1}` : ''))
  const part = (label: string, names: readonly string[]): string => names.length === 0 ? '' : `; ${label} ${names.join(' ')}`
  return (group.dissolved ? 'dissolved' : members.join(' ')) + part('asks', [...group.requests.keys()]) + part('gone', [...group.removed].map(([user, seq]) => `${user}@${seq}`)) +
    (group.policy === 'open' ? '; open' : '')
}

/** What came of a story: the group, or the code that its last line was refused with. */
export const tell = async (...lines: readonly string[]): Promise<string> => {
  const before = lines.length === 1 ? undefined : (await logOf(...lines.slice(0, -1))).group
  const last = await entryFor(before, lines.at(-1) ?? '')
  try { return shown(foldGroup([last], before)) } catch (error) {
    if (error instanceof ShoalError) return error.code
    throw error
  }
}
