import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { toHex } from 'shoal/plugin'
import type { Integrity } from 'shoal/plugin'
import blake3 from 'shoal/plugins/integrity-blake3'
import { contentOf, integritySuite, partsOf, runSuite, sealed } from 'shoal/testing'
import { blake3 as plainBlake3 } from '@noble/hashes/blake3.js'
import { build } from 'esbuild'
import { afterAll, describe, expect, it } from 'vitest'
import { lazyPool } from '../../plugins/integrity-blake3/hashing.ts'
import { fastest, leafAlgorithm, loadImplementation, nativeHash, nodeAlgorithm, wasmHash } from '../../plugins/integrity-blake3/implementations.ts'
import type { Implementation } from '../../plugins/integrity-blake3/implementations.ts'
import { sha256Of } from '../fixtures/integrity/vectors.ts'

const quiet: { log (line: string): void } = { log: () => { /* quiet */ } }
const implementations = ['native', 'wasm'] as const
const make = async (options = {}, context = quiet): Promise<Integrity> => blake3(options).create(context)

const fixture = (name: string): unknown => JSON.parse(readFileSync(new URL(`../fixtures/integrity/${name}`, import.meta.url), 'utf8'))
const official = fixture('blake3-official.json') as { readonly key: string, readonly cases: readonly { readonly length: number, readonly hash: string, readonly keyedHash: string }[] }
const { vectors } = fixture('blake3.json') as {
  readonly vectors: readonly { readonly length: number, readonly pieceLength: number, readonly root: string, readonly sha256OfHashes: string, readonly hashes?: readonly string[] }[]
}
/** As the official vectors have it. */
const officialInput = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251)
const hexOf = (binary: string): string => Buffer.from(binary, 'latin1').toString('hex')

for (const implementation of implementations) {
  runSuite(`integrity-blake3, ${implementation}`, integritySuite, async () => {
    const integrity = await make({ implementation })
    return { subject: integrity, release: async () => integrity.stop?.() }
  })

  describe(`integrity-blake3, ${implementation}, agrees with another program`, async () => {
    const integrity = await make({ implementation, threads: 2 })
    afterAll(async () => integrity.stop?.())

    for (const { length, pieceLength, root, sha256OfHashes, hashes } of vectors) {
      it(`on ${length} bytes in pieces of ${pieceLength}`, async () => {
        const { seal } = await sealed(integrity, { length, pieceLength }, contentOf(length))
        expect(seal.root).toBe(root)
        expect(sha256Of(seal.hashes)).toBe(sha256OfHashes)
        if (hashes !== undefined) expect(toHex(seal.hashes)).toBe(hashes.join(''))
        expect(seal.combined).toBeUndefined()
      })
    }
  })
}

describe('the official vectors of BLAKE3 are met', () => {
  const load = {
    native: async () => nativeHash(await import('@napi-rs/blake-hash'), official.key, leafAlgorithm),
    wasm: async () => wasmHash(await import('hash-wasm'), official.key, leafAlgorithm),
    'plain JavaScript': () => (algorithm: string, bytes: Uint8Array) =>
      Buffer.from(plainBlake3(bytes, algorithm === leafAlgorithm ? {} : { key: new TextEncoder().encode(official.key) })).toString('latin1')
  }
  for (const [name, open] of Object.entries(load)) {
    it(`by ${name}, plain and keyed, at all ${official.cases.length} lengths, one after another`, async () => {
      const hash = await open()
      for (const { length, hash: plain, keyedHash } of official.cases) {
        expect(hexOf(hash(leafAlgorithm, officialInput(length), 'binary')), `${length} bytes`).toBe(plain)
        expect(hexOf(hash('another', officialInput(length), 'binary')), `${length} bytes, keyed`).toBe(keyedHash)
      }
    })
  }

  it('by the scheme: a content of at most one leaf has its plain BLAKE3 as root', async () => {
    const integrity = await make()
    for (const { length, hash } of official.cases.filter(each => each.length <= 16384)) {
      expect((await sealed(integrity, { length, pieceLength: 16384 }, officialInput(length))).seal.root).toBe(hash)
    }
    await integrity.stop?.()
  })
})

describe('the implementation', () => {
  const load = implementations.map(name => () => loadImplementation(name))
  const missing = (): Promise<Implementation> => Promise.reject(new Error('Cannot find module \'the-native-one\''))

  it('is the faster of both, as measured, not the first', async () => {
    const lines: string[] = []
    const log = (line: string): void => { lines.push(line) }
    expect((await fastest(load, log, ({ name }) => name === 'native' ? 2 : 1)).name).toBe('wasm')
    expect((await fastest(load, log, ({ name }) => name === 'native' ? 1 : 2)).name).toBe('native')
    expect(lines.filter(line => /^(native|wasm): \d+ MB\/s$/.test(line))).toHaveLength(4)
  })

  it('is the other one where a library is missing, which is told', async () => {
    const lines: string[] = []
    expect((await fastest([missing, () => loadImplementation('wasm')], line => { lines.push(line) })).name).toBe('wasm')
    expect(lines[0]).toContain('the-native-one')
  })

  it('is the other one in a real process without the native library: the same root, the reason in the log', async () => {
    const { root } = vectors.find(({ length, pieceLength }) => length === 327_780 && pieceLength === 65_536) ?? {}
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', fileURLToPath(new URL('../testing/source-hooks.ts', import.meta.url)), '--input-type=module', '--eval', `
      import { registerHooks } from 'node:module'
      registerHooks({ resolve (name, context, next) {
        if (name === '@napi-rs/blake-hash') throw new Error('libblake.so.1: cannot open shared object file')
        return next(name, context)
      } })
      const { default: blake3 } = await import('shoal/plugins/integrity-blake3')
      const { contentOf } = await import('shoal/testing')
      const integrity = await blake3({ threads: 1 }).create({ log: line => { console.log(line) } })
      const sealer = integrity.sealer({ length: 327780, pieceLength: 65536 })
      await sealer.push(contentOf(327780))
      console.log((await sealer.finish()).root)
    `])
    const [missing, wasm, sealed, ...more] = stdout.trimEnd().split('\n')
    expect(missing).toContain('libblake.so.1')
    expect(wasm).toMatch(/^wasm: \d+ MB\/s$/)
    expect([sealed, more]).toEqual([root, []])
  })

  it('is none where none loads: the reason is thrown', async () => { await expect(fastest([missing], quiet.log)).rejects.toThrow('the-native-one') })

  it('is chosen with the first piece, not before', async () => {
    const lines: string[] = []
    const integrity = await make({}, { log: line => { lines.push(line) } })
    const content = contentOf(100_000)
    const sealer = integrity.sealer({ length: content.byteLength, pieceLength: 65536 })
    expect(lines).toEqual([])
    await sealer.push(content)
    await sealer.finish()
    expect(lines).toHaveLength(2)
    await sealed(integrity, { length: 5, pieceLength: 65536 }, contentOf(5))
    expect(lines).toHaveLength(2)
    await integrity.stop?.()
  })
})

describe('where there are no threads', () => {
  it('pieces are hashed in turns, to the same hashes', async () => {
    const { name, hash, source } = await loadImplementation('wasm')
    const [here, threads] = [lazyPool(() => Promise.resolve({ name, hash }), 1), lazyPool(() => Promise.resolve({ name, hash, ...source === undefined ? {} : { source } }), 1)]
    for (const [length, width] of [[0, 1], [5, 1], [16384, 1], [40_000, 4], [2_000_000, 128]] as const) {
      const digest = { algorithm: leafAlgorithm, leaves: { bytes: 16384, width, join: nodeAlgorithm } }
      expect(toHex(await here.digest(partsOf(contentOf(length)), digest))).toBe(toHex(await threads.digest([contentOf(length)], digest)))
    }
    const at = { turns: 0, done: false }
    const work = Promise.resolve(here.digest([contentOf(4 * 2 ** 20)], { algorithm: leafAlgorithm, leaves: { bytes: 16384, width: 256, join: nodeAlgorithm } })).then(() => { at.done = true })
    while (!at.done) {
      await new Promise(resolve => { setTimeout(resolve, 0) })
      at.turns++
    }
    await work
    expect(at.turns).toBeGreaterThan(3)
    await Promise.all([here.stop(), threads.stop()])
  })

  it('the plugin needs no module of Node to be bundled', async () => {
    const { errors, outputFiles } = await build({
      entryPoints: ['plugins/integrity-blake3/index.ts'], bundle: true, write: false, format: 'esm', platform: 'browser', logLevel: 'silent',
      external: ['shoal/plugin'], outdir: 'unused'
    }).catch((error: unknown) => ({ errors: [String(error)], outputFiles: [] }))
    expect(errors).toEqual([])
    expect(outputFiles).not.toEqual([])
  })
})

describe('integrity-blake3 refuses', () => {
  for (const options of [{ threads: 0 }, { threads: 'many' }, { implementation: 'javascript' }, { thread: 1 }]) {
    it(`the options ${JSON.stringify(options)}`, async () => {
      await expect(make(options)).rejects.toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
    })
  }
})
