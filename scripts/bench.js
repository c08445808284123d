// npm run bench: sets up the checkout, then runs the benchmarks on the checkout's own Node.
import { join } from 'node:path'
import { checkoutNode, ensureBuilt, environment, exitWith, root, run } from './setup.js'

await exitWith(async () => {
  await ensureBuilt()
  return run(checkoutNode(), [join(root, 'benchmarks/throughput.ts'), ...process.argv.slice(2)], { env: environment() })
})
