/** What a browser must run is bundled for one: nothing of Node may be needed, in packages neither, and nothing is put in its place. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const bundle = async (contents: string): Promise<readonly string[]> => {
  const options = { bundle: true, platform: 'browser', format: 'esm', write: false, logLevel: 'silent' } as const
  try {
    const { warnings } = await build({ ...options, stdin: { contents, resolveDir: fileURLToPath(new URL('../../', import.meta.url)) } })
    return warnings.map(({ text }) => text)
  } catch (error) {
    return typeof error === 'object' && error !== null && 'errors' in error ? (error.errors as { readonly text: string }[]).map(({ text }) => text) : [String(error)]
  }
}

it.each(['contract', 'core', 'wire', 'engine', 'network'])('%s bundles for a browser', async area => {
  expect(await bundle(`export * from './src/${area}/index.ts'`)).toEqual([])
})

it('what needs Node does not', async () => {
  expect(await bundle('export * from \'node:dns\'')).toEqual([expect.stringContaining('Could not resolve "node:dns"')])
})
