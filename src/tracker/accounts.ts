/** Users: their password records and the devices they logged in from. Sessions are in tokens.ts, limits of attempts in failed-logins.ts. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { equalBytes, isName, ShoalError } from '../contract/index.ts'
import type { Entry, Op, PasswordParameters, PeerId, State, UserName } from '../contract/index.ts'
import type { Clock } from './clock.ts'
import type { RealmKey } from './keys.ts'
import { trackerLimits } from './limits.ts'
import { places } from './places.ts'
import { recordForm } from './record.ts'

/** How a new password is derived: what OWASP names first for argon2id. */
export const defaultPasswordCost = { memoryKiB: 19 * 1024, passes: 2, lanes: 1 } as const
export type PasswordCost = Omit<PasswordParameters, 'salt'>

export interface Accounts {
  parameters (user: string): Promise<PasswordParameters>
  newParameters (): PasswordParameters
  register (user: string, parameters: PasswordParameters, key: Uint8Array): Promise<void>
  /** @returns the account's epoch. @throws WRONG_PASSWORD */
  check (user: string, key: Uint8Array): Promise<number>
  /** Rises with each reset of the password: sessions of older epochs have ended. Undefined: no such user. */
  epoch (user: UserName): Promise<number | undefined>
  reset (user: string, parameters: PasswordParameters, key: Uint8Array): Promise<void>
  /** Records that the user logged in from a device. */
  addDevice (user: UserName, device: PeerId): Promise<void>
}

interface Account { readonly parameters: PasswordParameters, readonly hash: Uint8Array, readonly epoch: number, readonly at: number }

const accountForm = recordForm<Account>(
  (writer, { parameters, hash, epoch, at }) => writer.bytes16(parameters.salt).u32(parameters.memoryKiB).u32(parameters.passes).u32(parameters.lanes).raw(hash).u32(epoch).u64(at),
  reader => ({
    parameters: { salt: reader.bytes16(64).slice(), memoryKiB: reader.u32(), passes: reader.u32(), lanes: reader.u32() },
    hash: reader.raw(32).slice(), epoch: reader.u32(), at: reader.u64()
  }))

/** The client's key is argon2id's output already: one hash keeps a stolen State from being a list of login keys. */
const hashOf = (key: Uint8Array): Uint8Array => createHash('sha256').update('shoal password key').update(key).digest()

const integer = (value: number, min: number, max: number): boolean => Number.isInteger(value) && value >= min && value <= max

/** Weak parameters harm only the user's own account; absurd ones would harm whoever logs in as that user. */
const checkSecret = ({ salt, memoryKiB, passes, lanes }: PasswordParameters, key: Uint8Array): void => {
  const fine = salt.byteLength === 16 && integer(lanes, 1, 4) && integer(memoryKiB, 8 * lanes, 256 * 1024) && integer(passes, 1, 16) && key.byteLength === 32
  if (!fine) throw new ShoalError('BAD_REQUEST', 'Cannot take this password key: its parameters are out of range. Update the peer.')
}

export const openAccounts = (state: State, realmKey: RealmKey, clock: Clock, cost: PasswordCost = defaultPasswordCost): Accounts => {
  const read = async (user: string): Promise<{ readonly entry: Entry, readonly account: Account } | undefined> => {
    const entry = isName(user) ? await state.get(places.user(user)) : undefined
    return entry === undefined ? undefined : { entry, account: accountForm.decode(entry) }
  }
  return {
    async parameters (user) {
      const found = await read(user)
      return found?.account.parameters ?? { salt: realmKey.fakeSalt(user), ...cost }
    },
    newParameters: () => ({ salt: Uint8Array.from(randomBytes(16)), ...cost }),
    async register (user, parameters, key) {
      if (!isName(user)) throw new ShoalError('BAD_NAME', 'Cannot make this user: the name has a form that is not allowed. Use 1–64 letters, digits, `.`, `_`, `-`.')
      checkSecret(parameters, key)
      const account: Account = { parameters, hash: hashOf(key), epoch: 0, at: clock.now() }
      const made = await state.txn([{ key: places.user(user), revision: 0 }], [{ put: places.user(user), value: accountForm.encode(account) }])
      if (made.ok) return
      // the same salt and key again: whoever asks never got our answer
      const existing = (await read(user))?.account
      if (existing !== undefined && equalBytes(existing.parameters.salt, parameters.salt) && timingSafeEqual(existing.hash, account.hash)) return
      throw new ShoalError('USER_EXISTS', `Cannot make user ${user}: the name is taken. Choose another name, or log in.`)
    },
    async check (user, key) {
      const found = await read(user)
      const right = timingSafeEqual(hashOf(key), found?.account.hash ?? new Uint8Array(32))
      if (found !== undefined && right) return found.account.epoch
      throw new ShoalError('WRONG_PASSWORD', 'Cannot log in: user and password do not match. Check both; names are case-sensitive.')
    },
    epoch: async user => (await read(user))?.account.epoch,
    async reset (user, parameters, key) {
      checkSecret(parameters, key)
      for (;;) {
        const found = await read(user)
        if (found === undefined) throw new ShoalError('NOT_FOUND', 'Cannot reset the password: there is no such user. Check the name.')
        const account: Account = { ...found.account, parameters, hash: hashOf(key), epoch: found.account.epoch + 1 }
        const done = await state.txn([{ key: found.entry.key, revision: found.entry.revision }], [{ put: found.entry.key, value: accountForm.encode(account) }])
        if (done.ok) return
      }
    },
    async addDevice (user, device) {
      const key = places.device(user, device)
      if (await state.get(key) !== undefined) return
      const ops: Op[] = [{ put: key, value: deviceForm.encode({ first: clock.now(), seen: 0 }) }]
      const known = await state.list(places.devices(user), { limit: trackerLimits.devicesPerUser })
      // nobody is locked out for having had many devices: the one that was not used for longest is forgotten
      if (known.length >= trackerLimits.devicesPerUser) ops.push({ delete: longestUnused(known) })
      await state.txn([{ key, revision: 0 }], ops)
    }
  }
}

/** A device that a user logged in from. */
export interface DeviceRecord {
  /** Unix ms of the first login. */
  readonly first: number
  /** Unix ms when it was last online, or 0. Written when it goes offline, by seen.ts. */
  readonly seen: number
}

export const deviceForm = recordForm<DeviceRecord>(
  (writer, { first, seen }) => writer.u64(first).u64(seen),
  reader => ({ first: reader.u64(), seen: reader.u64() }))

const longestUnused = (devices: readonly Entry[]): string => {
  const used = devices.map(entry => {
    const { first, seen } = deviceForm.decode(entry)
    return { key: entry.key, at: Math.max(first, seen) }
  })
  return used.reduce((oldest, device) => device.at < oldest.at ? device : oldest, used[0] ?? { key: '', at: 0 }).key
}
