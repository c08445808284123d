/** States that break the contract, each in one way: the suite must notice every one. */
import type { Change, State } from 'shoal/plugin'
import { memoryState } from '../../plugins/state-memory/index.ts'

type Break = (state: State) => Partial<State>

/** Each fault, and a part of the name of a case that must notice it. */
export const breaks: Readonly<Record<string, { readonly noticed: string, readonly broken: Break }>> = {
  'comparisons are ignored': {
    noticed: 'exactly one wins',
    broken: state => ({ txn: (_, ops) => state.txn([], ops) })
  },
  'a refused transaction writes its first op': {
    noticed: 'wholly or not at all',
    broken: state => ({
      async txn (compare, ops) {
        const result = await state.txn(compare, ops)
        if (!result.ok) await state.txn([], ops.slice(0, 1))
        return result
      }
    })
  },
  'a watch forgets where it was to resume': {
    noticed: 'misses nothing',
    broken: state => ({ watch: (prefix, { signal }) => state.watch(prefix, { signal }) })
  },
  'a watch repeats the revision that it resumes from': {
    noticed: 'repeats nothing',
    broken: state => ({
      watch: (prefix, { fromRevision, signal }) => state.watch(prefix, { signal, ...(fromRevision === undefined ? {} : { fromRevision: Math.max(0, fromRevision - 1) }) })
    })
  },
  'a watch skips over what is gone': {
    noticed: 'is told so',
    broken: state => ({
      async * watch (prefix, options): AsyncGenerator<Change> {
        for await (const change of state.watch(prefix, options)) if (change.kind !== 'compacted') yield change
      }
    })
  },
  'a listing has the order of JavaScript strings': {
    noticed: 'order of UTF-8',
    broken: state => ({ list: async (prefix, options) => [...await state.list(prefix, options)].sort((a, b) => a.key < b.key ? -1 : 1) })
  },
  'a listing begins at `after`, not above it': {
    noticed: 'every key once',
    broken: state => ({
      async list (prefix, options) {
        const found = await state.list(prefix, options)
        const again = options?.after === undefined ? undefined : await state.get(options.after)
        return again === undefined ? found : [again, ...found].slice(0, options?.limit)
      }
    })
  },
  'an ended lease leaves its keys': {
    noticed: 'keys of an ended lease',
    broken: state => ({
      async lease (ttlMs) {
        const lease = await state.lease(ttlMs)
        return { ...lease, end: () => Promise.resolve() }
      }
    })
  },
  'leases never end': {
    noticed: 'not renewed ends by itself',
    broken: state => ({ lease: () => state.lease(3_600_000) })
  },
  'a stopped state goes on': {
    noticed: 'after stop',
    broken: () => ({ stop: () => Promise.resolve() })
  },
  'values are not limited': {
    noticed: 'limits hold exactly',
    broken: state => ({ txn: (compare, ops) => state.txn(compare, ops.map(op => 'put' in op ? { ...op, value: op.value.slice(0, 65_536) } : op)) })
  }
}

export const brokenState = (broken: Break, historyChanges: number | undefined): State => {
  const state = memoryState(historyChanges === undefined ? {} : { historyChanges })
  return { ...state, ...broken(state) }
}
