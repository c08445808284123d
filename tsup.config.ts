import { readdirSync } from 'node:fs'
import { defineConfig } from 'tsup'

/** Each folder of plugins/ is an entry of its own: a new plugin is found by its folder, with no edit here. */
const plugins: Readonly<Record<string, string>> = Object.fromEntries(readdirSync('plugins', { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(({ name }) => [`plugins/${name}/index`, `plugins/${name}/index.ts`]))

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    browser: 'src/browser.ts',
    plugin: 'src/plugin.ts',
    'testing/index': 'src/testing/index.ts',
    'sim/index': 'src/sim/index.ts',
    'wire/index': 'src/wire/index.ts',
    'cli/main': 'src/cli/main.ts',
    'cli/try-plugin': 'src/cli/try-plugin.ts',
    'benchmarks/main': 'benchmarks/main.ts',
    'benchmarks/role': 'benchmarks/role.ts',
    ...plugins
  },
  format: ['esm'],
  target: 'node24',
  platform: 'node',
  // the published package carries its own name for itself: "shoal/plugin" inside plugins/ is the built src/plugin.ts of the same package
  // node:sqlite exists only under its full name
  removeNodeProtocol: false,
  // and vitest is the one that runs the tests, not a copy of it
  external: [/^shoal(\/|$)/, 'vitest'],
  sourcemap: true,
  clean: true,
  splitting: true,
  dts: false
})
