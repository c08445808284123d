/** `shoal bench`: the benchmarks of the package, in a process of their own, whose answer is that of the command. Owns how they are started; what they do is in benchmarks/. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { exitStatus } from '../contract/index.ts'
import { packageFolder } from '../own-name.ts'
import { benchOptions, benchParts } from './bench-options.ts'
import type { Arguments } from './grammar.ts'
import type { Ending } from './signals.ts'

const wordsOf = (args: Arguments): readonly string[] => [
  ...benchParts.flatMap(part => args.maybe(part) ?? []),
  ...benchOptions.flatMap(({ name, value, many }) => {
    if (value === undefined) return args.has(name) ? [name] : []
    const given = many === true ? args.list(name).join(',') : args.option(name) ?? ''
    return given === '' ? [] : [`${name}=${given}`]
  })
]

export const runBench = (args: Arguments, ending: Ending): Promise<number> => new Promise((resolve, reject) => {
  const child = spawn(process.execPath, [join(packageFolder(), 'dist/benchmarks/main.js'), ...wordsOf(args)], { stdio: 'inherit' })
  const stop = (): void => { child.kill('SIGTERM') }
  ending.signal.addEventListener('abort', stop)
  child.once('error', reject)
  child.once('exit', code => {
    ending.signal.removeEventListener('abort', stop)
    resolve(code ?? exitStatus.interrupted)
  })
})
