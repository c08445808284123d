import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** What every run of tests is made of, that of large files (vitest.large.config.ts) too. */
export const shared = {
  resolve: {
    alias: [
      { find: /^shoal\/plugins\/([^/]+)$/, replacement: here('./plugins/$1/index.ts') },
      { find: /^shoal\/browser$/, replacement: here('./src/browser.ts') },
      { find: /^shoal\/plugin$/, replacement: here('./src/plugin.ts') },
      { find: /^shoal\/testing$/, replacement: here('./src/testing/index.ts') },
      { find: /^shoal\/sim$/, replacement: here('./src/sim/index.ts') },
      { find: /^shoal\/wire$/, replacement: here('./src/wire/index.ts') },
      { find: /^shoal$/, replacement: here('./src/index.ts') }
    ]
  },
  test: {
    pool: 'forks' as const,
    maxWorkers: 3, // on two cores: tests with processes wait more than they work
    testTimeout: 90_000, // those with processes wait for deadlines of their own; this one is for what hangs
    hookTimeout: 30_000,
    teardownTimeout: 5_000,
    reporters: ['default', here('./scripts/reporter.js')]
  }
}

/** libp2p's own suites are written for mocha: its words are global there, and only there. */
const compliance = {
  name: 'compliance',
  include: ['test/compliance/**/*.test.ts'],
  globals: true,
  setupFiles: [here('./test/compliance/mocha.ts')],
  testTimeout: 120_000, // of the slowest case; mocha's own is up to 540 s
  server: { deps: { inline: [/interface-compliance-tests/] } }
}

export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    projects: [
      { extends: true, test: { name: 'shoal', include: ['test/**/*.test.ts'], exclude: ['test/large/**', 'test/compliance/**', 'node_modules/**'] } },
      { extends: true, test: compliance }
    ]
  }
})
