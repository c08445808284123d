import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^shoal\/plugins\/([^/]+)$/, replacement: here('./plugins/$1/index.ts') },
      { find: /^shoal\/plugin$/, replacement: here('./src/plugin.ts') },
      { find: /^shoal\/testing$/, replacement: here('./src/testing/index.ts') },
      { find: /^shoal\/sim$/, replacement: here('./src/sim/index.ts') },
      { find: /^shoal$/, replacement: here('./src/index.ts') }
    ]
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/large/**', 'node_modules/**'],
    pool: 'forks',
    maxWorkers: 3, // on two cores: tests with processes wait more than they work
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 5_000,
    reporters: ['default', here('./scripts/reporter.js')]
  }
})
