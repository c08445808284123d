// npm run bench: sets up the checkout, then runs the benchmarks on the checkout's own Node.
import { join } from 'node:path'
import { checkoutNode, ensureBuilt, environment, exitWith, root, run, swallowedFlags } from './setup.js'

await exitWith(async () => {
  const meant = swallowedFlags('npm run bench', { transport: true, sizes: true, runs: true, delays: true, quick: false, full: false, write: false, check: false })
  if (meant !== undefined) {
    process.stderr.write(`npm took a flag for itself. Flags for Shoal come after "--". Type: ${meant}\n`)
    return 2
  }
  await ensureBuilt()
  return run(checkoutNode(), [join(root, 'dist/benchmarks/main.js'), ...process.argv.slice(2)], { env: environment() })
})
