/** What every State must do about watches, leases and its end: the half of the state suite that waits for things. state.ts is the whole. */
import assert from 'node:assert/strict'
import { ShoalError } from '../contract/index.ts'
import type { Change, State } from '../contract/index.ts'
import type { SuiteCase } from './suite.ts'

/** Opens fresh, empty states. */
export interface StateMaker {
  /** @param historyChanges about how many changes are kept for watches to resume from; a state may keep up to twice as many */
  readonly open: (options?: { readonly historyChanges?: number }) => Promise<State>
}

const utf8 = new TextEncoder()
const text = new TextDecoder()
const bytes = (value: string): Uint8Array => utf8.encode(value)
const put = (key: string, value = ''): { readonly put: string, readonly value: Uint8Array } => ({ put: key, value: bytes(value) })

/** A change as one line, so that a case reads as text. */
const shown = (change: Change): string => {
  switch (change.kind) {
    case 'put': return `${change.entry.revision} ${change.entry.key}=${text.decode(change.entry.value)}`
    case 'delete': return `${change.revision} ${change.key} deleted`
    case 'compacted': return 'compacted'
  }
}

/** The next `count` changes. */
const take = async (changes: AsyncIterable<Change>, count: number): Promise<readonly Change[]> => {
  const taken: Change[] = []
  if (count === 0) return taken
  for await (const change of changes) {
    taken.push(change)
    if (taken.length === count) break
  }
  return taken
}

const keysOf = async (state: State, prefix: string): Promise<readonly string[]> => (await state.list(prefix)).map(({ key }) => key)

export const stateWatchSuite: readonly SuiteCase<StateMaker>[] = [
  { name: 'a watch gives every change of its keys from the moment it is called, in order',
    async run ({ open }) {
      const state = await open()
      await state.txn([], [put('a/1', 'old')])
      const changes = state.watch('a/', { signal: AbortSignal.timeout(10_000) })
      await state.txn([], [put('a/1', 'x'), put('b/1', 'y'), put('a/2', '')])
      await state.txn([], [put('b/2', 'z')])
      await state.txn([], [{ delete: 'a/1' }, { delete: 'a/absent' }])
      assert.deepEqual((await take(changes, 3)).map(shown), ['2 a/1=x', '2 a/2=', '4 a/1 deleted'])
    } },
  { name: 'a watch that waits is woken by the next change',
    async run ({ open }) {
      const state = await open()
      const next = take(state.watch('a', { signal: AbortSignal.timeout(10_000) }), 2)
      await state.txn([], [put('b')])
      await state.get('b')
      await state.txn([], [put('a', '1')])
      await state.txn([], [put('a', '2')])
      assert.deepEqual((await next).map(shown), ['2 a=1', '3 a=2'])
    } },
  { name: 'a watch that resumes from any revision misses nothing and repeats nothing, while transactions go on',
    async run ({ open }) {
      const state = await open()
      const total = 60
      const whole = take(state.watch('w/', { fromRevision: 0, signal: AbortSignal.timeout(20_000) }), total)
      const resumed: { readonly from: number, readonly changes: Promise<readonly Change[]> }[] = []
      for (let i = 1; i <= total / 2; i++) {
        for (const from of [i - 1, (i * 7) % i]) resumed.push({ from, changes: take(state.watch('w/', { fromRevision: from, signal: AbortSignal.timeout(20_000) }), total - 2 * from) })
        await state.txn([], [put(`w/${i % 7}`, String(i)), put(`other/${i}`), put(`w/x${i}`, String(i))])
      }
      const all = (await whole).map(shown)
      assert.equal(new Set(all).size, total)
      for (const { from, changes } of resumed) assert.deepEqual((await changes).map(shown), all.slice(2 * from), `from revision ${from}`)
    } },
  { name: 'a watch from a revision whose changes are gone is told so and ends; after a new listing nothing is missed',
    async run ({ open }) {
      const state = await open({ historyChanges: 20 })
      for (let i = 0; i < 100; i++) await state.txn([], [put(`k${i % 10}`, String(i))])
      const changes: Change[] = []
      for await (const change of state.watch('', { fromRevision: 3, signal: AbortSignal.timeout(10_000) })) changes.push(change)
      assert.deepEqual(changes.map(({ kind }) => kind), ['compacted'])
      const [compacted] = changes
      assert.ok(compacted?.kind === 'compacted' && compacted.revision <= 100)
      const listed = await state.list('k')
      assert.equal(listed.length, 10)
      const next = take(state.watch('', { fromRevision: compacted.revision, signal: AbortSignal.timeout(10_000) }), 100 - compacted.revision + 1)
      await state.txn([], [put('last', 'x')])
      assert.equal(shown((await next).at(-1) ?? { kind: 'compacted', revision: 0 }), '101 last=x')
      assert.deepEqual((await take(state.watch('', { fromRevision: 95, signal: AbortSignal.timeout(10_000) }), 6)).map(shown),
        ['96 k5=95', '97 k6=96', '98 k7=97', '99 k8=98', '100 k9=99', '101 last=x'])
    } },
  { name: 'a watcher that was left behind is told so',
    async run ({ open }) {
      const state = await open({ historyChanges: 20 })
      const reader = state.watch('', { fromRevision: 0, signal: AbortSignal.timeout(10_000) })[Symbol.asyncIterator]()
      await state.txn([], [put('a')])
      assert.equal((await reader.next()).done, false)
      for (let i = 0; i < 600; i++) await state.txn([], [put('a', String(i))])
      const kinds = new Set<string>()
      for (let result = await reader.next(); result.done !== true; result = await reader.next()) kinds.add(result.value.kind)
      assert.ok(kinds.has('compacted'))
    } },
  { name: 'a watch from a revision that has not come yet is told that its past is gone',
    async run ({ open }) {
      const state = await open()
      await state.txn([], [put('a')])
      assert.deepEqual((await take(state.watch('', { fromRevision: 2, signal: AbortSignal.timeout(10_000) }), 1)).map(shown), ['compacted'])
    } },
  { name: 'an aborted watch ends without an error',
    async run ({ open }) {
      const state = await open()
      const control = new AbortController()
      const waiting = take(state.watch('', { signal: control.signal }), 1)
      await state.revision()
      control.abort()
      assert.deepEqual(await waiting, [])
      assert.deepEqual(await take(state.watch('', { fromRevision: 0, signal: control.signal }), 1), [])
    } },
  { name: 'the keys of an ended lease are deleted in one revision, and nothing else is',
    async run ({ open }) {
      const state = await open()
      const lease = await state.lease(60_000)
      await state.txn([], [{ put: 'l/1', value: bytes('x'), lease: lease.id }, { put: 'l/2', value: bytes('x'), lease: lease.id }, put('l/3', 'kept')])
      await state.txn([], [{ put: 'l/4', value: bytes('x'), lease: lease.id }, { put: 'l/5', value: bytes('x'), lease: lease.id }])
      // written again without the lease, a key is free of it
      await state.txn([], [put('l/4', 'kept'), { delete: 'l/5' }])
      const changes = take(state.watch('l/', { signal: AbortSignal.timeout(10_000) }), 2)
      await lease.end()
      assert.deepEqual((await changes).map(shown).sort(), ['4 l/1 deleted', '4 l/2 deleted'])
      assert.deepEqual(await keysOf(state, 'l/'), ['l/3', 'l/4'])
      assert.equal(await state.revision(), 4)
      await lease.end()
      assert.equal(await state.revision(), 4)
    } },
  { name: 'an ended lease can be neither renewed nor written with',
    async run ({ open }) {
      const state = await open()
      const lease = await state.lease(60_000)
      await lease.renew()
      await lease.end()
      await assert.rejects(lease.renew(), { code: 'STATE_FAILED' })
      await assert.rejects(state.txn([], [{ put: 'a', value: bytes(''), lease: lease.id }]), { code: 'STATE_FAILED' })
      assert.equal(await state.revision(), 0)
    } },
  { name: 'a lease that is not renewed ends by itself, and one that is goes on',
    async run ({ open }) {
      const state = await open()
      const [short, long] = [await state.lease(40), await state.lease(60_000)]
      await state.txn([], [{ put: 'short/1', value: bytes(''), lease: short.id }, { put: 'long/1', value: bytes(''), lease: long.id }, { put: 'short/2', value: bytes(''), lease: short.id }])
      assert.deepEqual((await take(state.watch('short/', { fromRevision: 1, signal: AbortSignal.timeout(10_000) }), 2)).map(shown).sort(), ['2 short/1 deleted', '2 short/2 deleted'])
      await assert.rejects(short.renew(), { code: 'STATE_FAILED' })
      await long.renew()
      assert.deepEqual(await keysOf(state, ''), ['long/1'])
    } },
  { name: 'after stop every call is refused, watches have ended, and what was asked before is settled',
    async run ({ open }) {
      const state = await open()
      const lease = await state.lease(60_000)
      const watch = take(state.watch('', { fromRevision: 0, signal: AbortSignal.timeout(10_000) }), 1000)
      const asked = Promise.allSettled(Array.from({ length: 10 }, (_, i) => state.txn([], [put(`a${i}`)])))
      await Promise.all([state.stop(), state.stop()])
      for (const result of await asked) assert.ok(result.status === 'fulfilled' ? result.value.ok : ShoalError.is(result.reason, 'STATE_FAILED'))
      for (const change of await watch) assert.equal(change.kind, 'put')
      for (const call of [() => state.get('a'), () => state.list(''), () => state.txn([], []), () => state.revision(), () => state.lease(1000), () => lease.renew()]) {
        await assert.rejects(call, { code: 'STATE_FAILED' })
      }
      await state.stop()
    } }
]
