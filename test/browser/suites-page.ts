/** What the page of the contract suites runs: each case by its kind and name, on fresh databases and folders. */
import { stateSuite } from '../../src/testing/state.ts'
import { indexedDbState } from '../../plugins/state-indexeddb/index.ts'
import type { State } from '../../src/contract/index.ts'

let count = 0

const runState = async (name: string): Promise<void> => {
  const opened: State[] = []
  try {
    await stateSuite.find(suiteCase => suiteCase.name === name)?.run({
      async open (options) {
        const state = await indexedDbState({ name: `state ${++count}`, ...options })
        opened.push(state)
        return state
      }
    })
  } finally { for (const state of opened) await state.stop() }
}

const kinds: Readonly<Record<string, (name: string) => Promise<void>>> = { state: runState }

/** @returns why it failed, or undefined */
const runCase = async (kind: string, name: string): Promise<string | undefined> => {
  try {
    const run = kinds[kind]
    if (run === undefined) throw new Error(`There is no suite ${kind}.`)
    await run(name)
    return undefined
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error)
  }
}

Object.assign(globalThis, { runCase })
