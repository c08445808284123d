/** Records of users, in the State: each under its table, its user and its id. Owns the keys; the shapes are in records.ts. */
import type * as z from 'zod'
import { MalformedError } from '../contract/index.ts'
import type { State, UserName } from '../contract/index.ts'
import { decodeJson, encodeJson } from './value.ts'
import type { Damaged } from './value.ts'

/** @throws ShoalError STATE_FAILED from every method */
export interface RecordTable<T> {
  /** A user's records, oldest first. Damaged ones are passed over, and told once. */
  all (user: UserName): Promise<readonly T[]>
  /** Durable when it returns. */
  put (record: T): Promise<void>
  delete (user: UserName, id: string): Promise<void>
}

export interface RecordTableOptions<T> {
  readonly state: State
  /** First part of the keys. */
  readonly name: string
  readonly schema: z.ZodType<T>
  readonly since: (record: T) => number
  readonly damaged: Damaged
}

const pageRecords = 100

export const recordTable = <T extends { readonly user: UserName, readonly id: string }>({ state, name, schema, since, damaged }: RecordTableOptions<T>): RecordTable<T> => {
  const keyOf = (user: UserName, id: string): string => `${name}/${user}/${id}`
  const told = new Set<string>()

  const read = (key: string, value: Uint8Array): T | undefined => {
    try {
      const record = decodeJson(value, schema)
      if (keyOf(record.user, record.id) === key) return record
      throw new MalformedError('It is the record of another key.')
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error
      if (!told.has(key)) damaged(key, error.message)
      told.add(key)
      return undefined
    }
  }

  return {
    async all (user) {
      const prefix = `${name}/${user}/`
      const records: T[] = []
      for (let after: string | undefined; ;) {
        const page = await state.list(prefix, { limit: pageRecords, ...(after === undefined ? {} : { after }) })
        for (const { key, value } of page) {
          const record = read(key, value)
          if (record !== undefined) records.push(record)
        }
        after = page.at(-1)?.key
        if (page.length < pageRecords) return records.sort((a, b) => since(a) - since(b))
      }
    },
    async put (record) { await state.txn([], [{ put: keyOf(record.user, record.id), value: encodeJson(record) }]) },
    async delete (user, id) { await state.txn([], [{ delete: keyOf(user, id) }]) }
  }
}
