/** A state in which something else happens exactly between two steps of the tracker: what a race does once in a thousand times, every time. */
import type { Op, State } from '../../src/contract/index.ts'

export interface InterleavedState extends State {
  /** Does the work once, right before the next transaction that has such a key among its ops. */
  beforeWrite (key: string, work: () => Promise<unknown>): void
  /** Does the work once, right after the next read of such a key, before its answer is given. */
  afterRead (key: string, work: () => Promise<unknown>): void
}

interface Step { readonly key: string, readonly work: () => Promise<unknown> }

const keyOf = (op: Op): string => 'put' in op ? op.put : op.delete

export const interleavedState = (inner: State): InterleavedState => {
  const writes: Step[] = []
  const reads: Step[] = []
  const take = async (steps: Step[], keys: readonly string[]): Promise<void> => {
    const at = steps.findIndex(({ key }) => keys.some(other => other.startsWith(key)))
    if (at !== -1) await steps.splice(at, 1)[0]?.work()
  }
  return {
    ...inner,
    async get (key) {
      const found = await inner.get(key)
      await take(reads, [key])
      return found
    },
    async txn (compare, ops) {
      await take(writes, ops.map(keyOf))
      return await inner.txn(compare, ops)
    },
    beforeWrite (key, work) { writes.push({ key, work }) },
    afterRead (key, work) { reads.push({ key, work }) }
  }
}
