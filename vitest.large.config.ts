import { defineConfig } from 'vitest/config'
import { shared } from './vitest.config.ts'

/** Large files: minutes and tens of gigabytes, so not part of `npm test`. */
export default defineConfig({
  ...shared,
  test: { ...shared.test, include: ['test/large/**/*.test.ts'], exclude: [], testTimeout: 1_800_000, hookTimeout: 120_000, maxWorkers: 1 }
})
