/** Small values under text keys, durable and consistent. As it stands: Shoal's own SQLite, which also says in the log what a transaction took. */
import { definePlugin } from 'shoal/plugin'
import stateSqlite from 'shoal/plugins/state-sqlite'
import type { SqliteStateOptions } from 'shoal/plugins/state-sqlite'

export default definePlugin('state', 'my-name', async (options: SqliteStateOptions, context) => {
  const state = await stateSqlite(options).create(context)
  return {
    ...state,
    async txn (compare, ops) {
      const began = performance.now()
      try { return await state.txn(compare, ops) } finally { context.log(`${ops.length} changes took ${(performance.now() - began).toFixed(1)} ms`) }
    }
  }
})
