/** What the parts of a peer share: its ports, its policies, who is logged in. Owns nothing but the names. */
import type { Admission, Files, GroupListing, Integrity, Storage, TrackerSession, UserName } from '../contract/index.ts'
import { ShoalError } from '../contract/index.ts'
import type { Engine } from '../engine/index.ts'
import type { GroupMembership } from '../membership/index.ts'
import type { Profile } from '../profile/index.ts'
import type { Broadcast } from './broadcast.ts'
import type { Holdings } from './holdings.ts'

/** One login, until its logout. */
export interface Account {
  readonly user: UserName
  readonly session: TrackerSession
  readonly membership: GroupMembership
  /** Aborted at logout. */
  readonly ended: AbortSignal
}

export interface House {
  readonly profile: Profile
  readonly engine: Engine
  readonly holdings: Holdings
  readonly storage: Storage
  /** What paths name. */
  readonly files: Files
  readonly integrities: ReadonlyMap<string, Integrity>
  readonly admission: Admission
  readonly events: Broadcast
  log (line: string): void
  /** @throws ShoalError NOT_LOGGED_IN */
  account (): Account
}

/** Names as they are shown: quoted, so that spaces and ends are seen. */
export const quoted = (name: string): string => JSON.stringify(name)

export const notLoggedIn = (): ShoalError => new ShoalError('NOT_LOGGED_IN', 'Nobody is logged in. Type `login USER PASSWORD` first.')

export const notFound = (group: string): ShoalError =>
  new ShoalError('NOT_FOUND', `There is no group ${quoted(group)} that you are a member of. Check the name with \`list_groups\`; \`join_group\` asks to be let in.`)

const listed = async ({ session }: Account, name: string, signal: AbortSignal | undefined): Promise<GroupListing | undefined> => {
  const [listing] = await session.groups({ name: name.normalize('NFC'), ...(signal === undefined ? {} : { signal }) })
  return listing
}

/** The group of that name, whoever is in it. @throws ShoalError NOT_FOUND */
export const groupNamed = async (account: Account, name: string, signal?: AbortSignal): Promise<GroupListing> => {
  const listing = await listed(account, name, signal)
  if (listing === undefined) throw new ShoalError('NOT_FOUND', `There is no group ${quoted(name)}. Check the name with \`list_groups\`; \`create_group\` makes one.`)
  return listing
}

/**
 * The group of that name, of which we are a member. To everyone else it is as if it did not exist; but what we asked for ourselves we may be told.
 * @throws ShoalError NOT_FOUND
 */
export const myGroup = async (account: Account, name: string, signal?: AbortSignal): Promise<GroupListing> => {
  const listing = await listed(account, name, signal)
  switch (listing?.state) {
    case 'owner': case 'member': return listing
    case 'requested': throw new ShoalError('NOT_FOUND', `You are not yet a member of ${quoted(name)}. Its owner ${listing.owner} types: accept_request ${listing.name} ${account.user}`)
    case 'none': case undefined: throw notFound(name)
  }
}

