/**
 * A process to be killed: `state-sqlite-writer.ts PATH FIRST` writes pairs of keys from number FIRST on, a few at a time, and prints each number when its
 * transaction was acknowledged.
 */
import { sqliteState } from '../../plugins/state-sqlite/index.ts'

const [path = '', first = '0'] = process.argv.slice(2)
const state = await sqliteState({ path })
let next = Number(first)
const writing = async (): Promise<void> => {
  for (;;) {
    const number = next++
    const value = new Uint8Array(100 + number % 400).fill(number % 251)
    const { ok } = await state.txn([{ key: `a/${number}`, revision: 0 }], [{ put: `a/${number}`, value }, { put: `b/${number}`, value }])
    process.stdout.write(`${number} ${String(ok)}\n`)
  }
}
await Promise.all(Array.from({ length: 8 }, writing))
