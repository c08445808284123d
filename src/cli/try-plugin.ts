/**
 * A process of its own that loads one plugin and says on descriptor 3 that it begins, then what became of it, in one line of JSON: whatever a plugin does while it loads, to the end of
 * its process, it does here. Started by plugins.ts.
 */
import { writeSync } from 'node:fs'
import { contractVersions, kinds } from '../contract/index.ts'
import { loadPlugin } from '../loader.ts'
import { failureOf } from './exit.ts'

/** What became of it. */
export type Trial =
  | { readonly ok: true, readonly name: string, readonly contract: number }
  | { readonly ok: false, readonly code: string, readonly message: string }

const attempt = async ([kindText, spec = '', from = '']: readonly string[]): Promise<Trial> => {
  const kind = kinds.find(each => each === kindText)
  if (kind === undefined) return { ok: false, code: 'BUG', message: `There is no kind "${kindText ?? ''}".` }
  try {
    const { name } = await loadPlugin(kind, spec, { from })
    return { ok: true, name, contract: contractVersions[kind] }
  } catch (error) {
    const { code, message } = failureOf(error)
    return { ok: false, code, message }
  }
}

writeSync(3, '\n')
writeSync(3, `${JSON.stringify(await attempt(process.argv.slice(2)))}\n`)
process.exit(0)
