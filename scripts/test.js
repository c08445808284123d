// npm test: sets up the checkout, builds, type-checks, lints, runs every test, and ends with what was skipped and why.
// Arguments are handed to vitest; --large runs the tests of large files instead.
import { join } from 'node:path'
import { ensureChromium } from './chromium.js'
import { checkoutNode, ensureBuilt, environment, exitWith, root, run } from './setup.js'

const steps = (args) => {
  const large = args.includes('--large')
  const rest = args.filter(word => word !== '--large')
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...(large ? ['--config', 'vitest.large.config.ts'] : []), ...rest]
  if (large || rest.length > 0) return [['tests', vitest]]
  return [
    ['type check', ['node_modules/typescript-7/bin/tsc', '-p', 'tsconfig.json']],
    ['type check of the page', ['node_modules/typescript-7/bin/tsc', '-p', 'examples/browser']],
    ['lint', ['node_modules/eslint/bin/eslint.js', '.']],
    ['tests', vitest]
  ]
}

await exitWith(async () => {
  await ensureBuilt()
  const words = process.argv.slice(2).filter(word => !word.startsWith('-'))
  if (words.length === 0 || words.some(word => word.includes('browser'))) ensureChromium()
  let failed = 0
  for (const [name, [program, ...args]] of steps(process.argv.slice(2))) {
    const status = await run(checkoutNode(), [join(root, program), ...args], { env: environment() })
    if (status === 130 || status === 143) return status
    if (status !== 0) { process.stderr.write(`npm test: ${name} failed\n`); failed = 1 }
  }
  return failed
})
