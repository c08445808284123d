/** Fills a database until its disk takes no more, then writes something small. Prints each key with `ok` or the code of the error. */
import { ShoalError } from '../../src/plugin.ts'
import { sqliteState } from '../../plugins/state-sqlite/index.ts'

const state = await sqliteState({ path: process.argv[2] ?? '' })
const write = async (key: string, size: number): Promise<boolean> => {
  try {
    await state.txn([], [{ put: key, value: new Uint8Array(size) }])
    process.stdout.write(`${key} ok\n`)
    return true
  } catch (error) {
    process.stdout.write(`${key} ${ShoalError.is(error) ? error.code : String(error)}\n`)
    return false
  }
}
for (let round = 0; ; round++) {
  const written = await Promise.all(Array.from({ length: 10 }, (_, i) => write(`${round}/${i}`, 20_000)))
  if (written.includes(false)) break
}
await write('small', 10)
await state.stop()
