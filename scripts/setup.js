// Makes a checkout ready to run: its packages, its own Node, its build. Plain JavaScript that the system's older Node runs.
// Owns nothing of Shoal itself; start.js, test.js, build.js, bench.js and bin/shoal call it.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const lockFile = join(root, 'package-lock.json')
const installedStamp = join(root, 'node_modules', '.shoal-installed')
const builtStamp = join(root, 'dist', '.built')
const oldestMajor = 24

/** Something the person at the keyboard can mend: printed without a stack. */
export class SetupError extends Error {}

/** Runs a program to its end with our own input and output. Resolves with its exit status. */
export const run = (command, args, options = {}) => new Promise((resolve, reject) => {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options })
  // a signal from the keyboard reaches the child too: let it end in its own way, then end with its status
  const ignore = () => {}
  const forward = () => { child.kill('SIGTERM') }
  process.on('SIGINT', ignore)
  process.on('SIGTERM', forward)
  const done = () => { process.off('SIGINT', ignore); process.off('SIGTERM', forward) }
  child.on('error', error => { done(); reject(error) })
  child.on('exit', (code, signal) => { done(); resolve(code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 1)) })
})

const runOrFail = async (what, command, args, options) => {
  const status = await run(command, args, options)
  if (status !== 0) throw new SetupError(`${what} failed with exit status ${status}; its messages are above.`)
}

/** Keeps standard output for results: what set-up prints goes to standard error. */
const quiet = { stdio: ['ignore', 2, 2] }

const lockHash = () => createHash('sha256').update(readFileSync(lockFile)).digest('hex')

const installed = () => existsSync(installedStamp) && readFileSync(installedStamp, 'utf8') === lockHash()

const install = async () => {
  process.stderr.write('Installing packages (once; about a minute) ...\n')
  const npm = process.env.npm_execpath
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  if (npm?.endsWith('.js')) await runOrFail('npm ci', process.execPath, [npm, ...args], quiet)
  else await runOrFail('npm ci', 'npm', args, quiet)
  writeFileSync(installedStamp, lockHash())
}

/** Path of the Node that everything but set-up runs on: the checkout's own, or this one where none is published and this is new enough. */
export const checkoutNode = () => {
  const own = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
  if (existsSync(own)) return own
  if (Number(process.versions.node.split('.')[0]) >= oldestMajor) return process.execPath
  throw new SetupError(`Shoal needs Node ${oldestMajor} or later, and this is ${process.version}. No Node for ${process.platform}-${process.arch} comes with the checkout: install one from nodejs.org, then try again.`)
}

const newest = (path) => {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map(name => newest(join(path, name))))
}

const sources = ['src', 'plugins', 'benchmarks', 'package.json', 'tsup.config.ts', 'tsconfig.build.json']
const built = () => existsSync(builtStamp) && sources.every(name => newest(join(root, name)) <= statSync(builtStamp).mtimeMs)

export const build = async () => {
  process.stderr.write('Building ...\n')
  const started = new Date()
  await runOrFail('The build', checkoutNode(), [join(root, 'node_modules/tsup/dist/cli-default.js'), '--silent'], quiet)
  await runOrFail('Writing type declarations', checkoutNode(), [join(root, 'node_modules/typescript-7/bin/tsc'), '-p', 'tsconfig.build.json'], quiet)
  writeFileSync(builtStamp, `${started.toISOString()}\n`)
}

/** The checkout's packages are those of package-lock.json. */
export const ensureInstalled = async () => { if (!installed()) await install() }
/** The checkout is installed, and dist/ is at least as new as the sources. */
export const ensureBuilt = async () => { await ensureInstalled(); if (!built()) await build() }

/** Environment in which `node` and package programs are the checkout's. */
export const environment = () => ({ ...process.env, PATH: `${dirname(checkoutNode())}:${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}` })

/** Ends the process with the status that `main` gives, or with one line for an error that the user can mend. */
export const exitWith = async (main) => {
  try { process.exitCode = await main() } catch (error) {
    if (!(error instanceof SetupError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}

/**
 * npm takes flags given without `--` for its own and hides them from the script; of `--flag value` it leaves the value as a word. Finds those, by the environment
 * that npm sets.
 * @param flags by name, whether each takes a value
 * @returns the command as it should have been typed, or undefined
 */
export const swallowedFlags = (command, flags) => {
  const words = process.argv.slice(2)
  const typed = []
  for (const [flag, takesValue] of Object.entries(flags)) {
    const value = process.env[`npm_config_${flag.replaceAll('-', '_')}`]
    if (value === undefined) continue
    if (!takesValue) { typed.push(`--${flag}`); continue }
    if (value !== 'true') { typed.push(`--${flag} ${value}`); continue }
    const at = words.findLastIndex(word => !existsSync(word))
    typed.push([`--${flag}`, ...at === -1 ? [] : words.splice(at, 1)].join(' '))
  }
  return typed.length === 0 ? undefined : [command, '--', ...words, ...typed].join(' ')
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await exitWith(async () => { await ensureBuilt(); return 0 })
