import { builtinModules } from 'node:module'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { names } from './chromium.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What is bundled of these lines for a browser: its bytes, and what it would still import when it runs. */
const bundle = async (contents: string): Promise<{ readonly bytes: number, readonly left: readonly string[], readonly inputs: readonly string[] }> => {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root }, bundle: true, splitting: true, minify: true, platform: 'browser', format: 'esm', outdir: '/', write: false, metafile: true, logLevel: 'silent', alias: names
  })
  const left = Object.values(metafile.outputs).flatMap(({ imports }) => imports.filter(({ external }) => external === true).map(({ path }) => path))
  return { bytes: outputFiles.reduce((sum, { contents: text }) => sum + gzipSync(text).byteLength, 0), left, inputs: Object.keys(metafile.inputs) }
}

const peer = `
  export { createShoal } from './src/browser.ts'
  export * from './plugins/transport-webrtc/index.ts'
  export * from './plugins/tracker-libp2p/index.ts'
  export * from './plugins/state-indexeddb/index.ts'
  export * from './plugins/storage-opfs/index.ts'`

describe('a bundle for a browser', () => {
  it('of a whole peer needs nothing of Node, and nothing in its place', async () => {
    const { bytes, left, inputs } = await bundle(peer)
    expect(left).toEqual([])
    expect(inputs.filter(path => builtinModules.some(name => path === name || path === `node:${name}` || new RegExp(`node_modules/(?:${name.replace('/', '\\/')}|browserify-[^/]*|[^/]*-browserify|buffer|process)/`).test(path)))).toEqual([])
    expect(bytes).toBeLessThan(700_000) // minified and compressed
  })

  it.each(['contract', 'core', 'wire', 'engine', 'network', 'keys', 'membership', 'profile', 'peer', 'plugin'])('of src/%s alone needs nothing of Node', async area => {
    expect((await bundle(`export * from './src/${area === 'plugin' ? 'plugin.ts' : area === 'keys' ? 'keys/ed25519.ts' : area === 'peer' ? 'peer/downloading.ts' : `${area}/index.ts`}'`)).left).toEqual([])
  })

  it.each([
    'integrity-sha256', 'integrity-sha1', 'integrity-blake3', 'selector-rarest-first', 'selector-sequential', 'selector-random', 'admission-owner', 'admission-open', 'storage-memory', 'state-memory',
    'transport-memory'
  ])('of plugins/%s alone needs nothing of Node', async plugin => {
    expect((await bundle(`export * from './plugins/${plugin}/index.ts'`)).left).toEqual([])
  })

  it('of what needs Node cannot be made', async () => {
    await expect(bundle('export * from \'./src/shoal.ts\'')).rejects.toThrow(/Could not resolve "node:/)
  })
})
