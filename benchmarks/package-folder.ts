/** Where the package is that these benchmarks belong to, in a checkout and installed; and how its command line is started. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const packageFolder = dirname(fileURLToPath(import.meta.resolve('shoal/package.json')))

/** In a checkout its launcher, which the people there use; else the program that npm links to. */
export const launcher: readonly [string, ...string[]] = existsSync(join(packageFolder, 'bin/shoal'))
  ? [join(packageFolder, 'bin/shoal')]
  : [process.execPath, join(packageFolder, 'dist/cli/main.js')]

/** The program of which every child of a benchmark that is not `shoal` is a role. */
export const roleProgram = join(packageFolder, 'dist/benchmarks/role.js')
