/** What every State must do. Owns no durability case: whether a state outlives its process is shown where its process can be killed. */
import assert from 'node:assert/strict'
import { ShoalError, stateLimits } from '../contract/index.ts'
import type { State } from '../contract/index.ts'
import { stateWatchSuite } from './state-watch.ts'
import type { StateMaker } from './state-watch.ts'
import type { SuiteCase } from './suite.ts'

export type { StateMaker } from './state-watch.ts'

const utf8 = new TextEncoder()
const text = new TextDecoder()
const bytes = (value: string): Uint8Array => utf8.encode(value)
const put = (key: string, value = ''): { readonly put: string, readonly value: Uint8Array } => ({ put: key, value: bytes(value) })

const refused = async (what: string, work: Promise<unknown>): Promise<void> => {
  await assert.rejects(work, (error: unknown) => ShoalError.is(error), `${what} is refused with a ShoalError`)
}

const keysOf = async (state: State, prefix: string): Promise<readonly string[]> => (await state.list(prefix)).map(({ key }) => key)

export const stateSuite: readonly SuiteCase<StateMaker>[] = [
  { name: 'a key that was never written is absent',
    async run ({ open }) {
      const state = await open()
      assert.equal(await state.get('a'), undefined)
      assert.deepEqual(await state.list(''), [])
      assert.equal(await state.revision(), 0)
    } },
  { name: 'what was put is read back, with the revision that wrote it, and is gone when deleted',
    async run ({ open }) {
      const state = await open()
      assert.deepEqual(await state.txn([], [put('a', 'one'), put('b', '')]), { ok: true, revision: 1 })
      assert.deepEqual(await state.txn([], [put('a', 'two')]), { ok: true, revision: 2 })
      assert.deepEqual(await state.get('a'), { key: 'a', value: bytes('two'), revision: 2 })
      assert.deepEqual(await state.get('b'), { key: 'b', value: new Uint8Array(0), revision: 1 })
      assert.deepEqual(await state.txn([], [{ delete: 'a' }]), { ok: true, revision: 3 })
      assert.equal(await state.get('a'), undefined)
      assert.deepEqual(await keysOf(state, ''), ['b'])
    } },
  { name: 'a buffer that the caller changes afterwards changes nothing stored',
    async run ({ open }) {
      const state = await open()
      const value = bytes('before')
      const written = state.txn([], [{ put: 'a', value }])
      value.fill(0)
      await written
      const read = await state.get('a')
      read?.value.fill(1)
      assert.deepEqual((await state.get('a'))?.value, bytes('before'))
    } },
  { name: 'a view into a larger buffer is stored as the view alone',
    async run ({ open }) {
      const state = await open()
      await state.txn([], [{ put: 'a', value: bytes('0123456789').subarray(3, 6) }])
      assert.deepEqual((await state.get('a'))?.value, bytes('345'))
    } },
  { name: 'the revision rises by one with each transaction that changed something, and only then',
    async run ({ open }) {
      const state = await open()
      assert.deepEqual(await state.txn([], [put('a'), put('b')]), { ok: true, revision: 1 })
      assert.deepEqual(await state.txn([], [{ delete: 'absent' }]), { ok: true, revision: 1 })
      assert.deepEqual(await state.txn([], []), { ok: true, revision: 1 })
      assert.deepEqual(await state.txn([{ key: 'a', revision: 9 }], [put('a')]), { ok: false })
      assert.equal(await state.revision(), 1)
      assert.deepEqual(await state.txn([], [put('a')]), { ok: true, revision: 2 })
      assert.equal(await state.revision(), 2)
    } },
  { name: 'a transaction happens wholly or not at all',
    async run ({ open }) {
      const state = await open()
      await state.txn([], [put('a', '1'), put('b', '1')])
      assert.deepEqual(await state.txn([{ key: 'a', revision: 1 }, { key: 'b', revision: 2 }], [put('a', '2'), put('c', '2'), { delete: 'b' }]), { ok: false })
      assert.deepEqual((await state.list('')).map(({ key, value, revision }) => `${revision} ${key}=${text.decode(value)}`), ['1 a=1', '1 b=1'])
      await refused('a transaction with an ended lease', state.txn([], [put('c'), { put: 'd', value: bytes(''), lease: 'never' }]))
      assert.deepEqual(await keysOf(state, ''), ['a', 'b'])
    } },
  { name: 'revision 0 in a comparison means that the key does not exist',
    async run ({ open }) {
      const state = await open()
      assert.deepEqual(await state.txn([{ key: 'a', revision: 0 }], [put('a')]), { ok: true, revision: 1 })
      assert.deepEqual(await state.txn([{ key: 'a', revision: 0 }], [put('a')]), { ok: false })
      await state.txn([], [{ delete: 'a' }])
      assert.deepEqual(await state.txn([{ key: 'a', revision: 1 }], [put('a')]), { ok: false })
      assert.deepEqual(await state.txn([{ key: 'a', revision: 0 }], [put('a')]), { ok: true, revision: 3 })
    } },
  { name: 'of transactions that race for one key exactly one wins',
    async run ({ open }) {
      const state = await open()
      for (let round = 0; round < 10; round++) {
        const results = await Promise.all(Array.from({ length: 20 }, (_, i) => state.txn([{ key: `key${round}`, revision: 0 }], [put(`key${round}`, String(i)), put(`by${round}`, String(i))])))
        assert.equal(results.filter(({ ok }) => ok).length, 1)
        const winner = String(results.findIndex(({ ok }) => ok))
        assert.deepEqual([(await state.get(`key${round}`))?.value, (await state.get(`by${round}`))?.value], [bytes(winner), bytes(winner)])
      }
    } },
  { name: 'racing increments that compare and try again lose none',
    async run ({ open }) {
      const state = await open()
      const increment = async (): Promise<void> => {
        for (;;) {
          const found = await state.get('count')
          const { ok } = await state.txn([{ key: 'count', revision: found?.revision ?? 0 }], [put('count', String(Number(text.decode(found?.value ?? bytes('0'))) + 1))])
          if (ok) return
        }
      }
      await Promise.all(Array.from({ length: 25 }, increment))
      assert.deepEqual((await state.get('count'))?.value, bytes('25'))
      assert.equal(await state.revision(), 25)
    } },
  { name: 'transactions take effect in the order in which they were asked for',
    async run ({ open }) {
      const state = await open()
      const results = await Promise.all(Array.from({ length: 300 }, (_, i) => state.txn([], [put('a', String(i))])))
      assert.deepEqual(results.map(result => result.ok && result.revision), Array.from({ length: 300 }, (_, i) => i + 1))
      assert.deepEqual((await state.get('a'))?.value, bytes('299'))
    } },
  { name: 'the limits hold exactly: keys, values, comparisons, ops, pages',
    async run ({ open }) {
      const state = await open()
      const ops = (count: number) => Array.from({ length: count }, (_, i) => put(`op${i}`))
      const compares = (count: number) => Array.from({ length: count }, (_, i) => ({ key: `absent${i}`, revision: 0 }))
      assert.equal((await state.txn(compares(stateLimits.compares), ops(stateLimits.ops))).ok, true)
      const before = await state.revision()
      await refused('one comparison too many', state.txn(compares(stateLimits.compares + 1), []))
      await refused('one op too many', state.txn([], ops(stateLimits.ops + 1)))
      await refused('a key twice', state.txn([], [put('twice'), { delete: 'twice' }]))
      await refused('an empty key', state.txn([], [put('')]))
      await refused('a lone surrogate', state.txn([], [put('\ud800')]))
      await refused('a negative revision', state.txn([{ key: 'a', revision: -1 }], []))
      assert.equal(await state.revision(), before)
      for (const longest of ['k'.repeat(stateLimits.keyBytes), 'é'.repeat(stateLimits.keyBytes / 2), '😀'.repeat(stateLimits.keyBytes / 4)]) {
        assert.equal((await state.txn([], [{ put: longest, value: new Uint8Array(stateLimits.valueBytes).fill(7) }])).ok, true)
        assert.equal((await state.get(longest))?.value.byteLength, stateLimits.valueBytes)
        await refused('a key that is too long', state.txn([], [put(`${longest}x`)]))
        await refused('a key that is too long', state.get(`${longest}x`))
        await refused('a key that is too long', state.txn([{ key: `${longest}x`, revision: 0 }], []))
      }
      await refused('a value that is too long', state.txn([], [{ put: 'a', value: new Uint8Array(stateLimits.valueBytes + 1) }]))
      for (const limit of [0, 1.5, stateLimits.page + 1]) await refused(`a page of ${limit}`, state.list('', { limit }))
    } },
  { name: 'a listing is in the order of UTF-8 bytes and has exactly the keys with the prefix',
    async run ({ open }) {
      const state = await open()
      // as JavaScript strings, U+FFFD is above the emoji; as UTF-8, below
      const sorted = ['\u0000', '\u0000a', 'A', 'a', 'a\u0000', 'a/', 'a/b', 'a0', 'aa', 'b', '\u007f', 'é', '\u07ff', '\u0800', '\ud7ff', '\ue000', '\ufffd', '\uffff', '😀', '\u{10ffff}', '\u{10ffff}a']
      await state.txn([], [...sorted].sort().reverse().map(key => put(key)))
      assert.deepEqual(await keysOf(state, ''), sorted)
      for (const prefix of ['\u0000', 'a', 'a/', '\u{10ffff}', 'é', 'absent']) assert.deepEqual(await keysOf(state, prefix), sorted.filter(key => key.startsWith(prefix)), JSON.stringify(prefix))
      for (const after of ['', ...sorted]) {
        const expected = sorted.slice(sorted.indexOf(after) + 1)
        assert.deepEqual((await state.list('', { after })).map(({ key }) => key), expected, `after ${JSON.stringify(after)}`)
        assert.deepEqual((await state.list('a', { after })).map(({ key }) => key), expected.filter(key => key.startsWith('a')), `a after ${JSON.stringify(after)}`)
      }
    } },
  { name: 'pages of any size give every key once',
    async run ({ open }) {
      const state = await open()
      const names = Array.from({ length: 1100 }, (_, i) => `p/${String(i).padStart(4, '0')}`)
      for (let at = 0; at < names.length; at += 100) await state.txn([], names.slice(at, at + 100).map(key => put(key)))
      await state.txn([], [put('o'), put('q')])
      assert.equal((await state.list('p/')).length, stateLimits.page)
      for (const limit of [7, 100, 1000]) {
        const found: string[] = []
        for (let after: string | undefined; ;) {
          const page = await state.list('p/', { limit, ...(after === undefined ? {} : { after }) })
          found.push(...page.map(({ key }) => key))
          after = page.at(-1)?.key
          if (page.length < limit) break
        }
        assert.deepEqual(found, names)
      }
    } },
  ...stateWatchSuite
]
