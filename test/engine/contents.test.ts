/** What the session orders for a content, carried out on a real store and a real scheme; and what becomes of it when one of them fails. */
import { describe, expect, it } from 'vitest'
import sha256 from 'shoal/plugins/integrity-sha256'
import storageMemory from 'shoal/plugins/storage-memory'
import { ShoalError } from '../../src/contract/index.ts'
import type { ContentId, Integrity, Manifest, Store } from '../../src/contract/index.ts'
import type { Input } from '../../src/core/io.ts'
import { createContents } from '../../src/engine/contents.ts'
import type { Contents } from '../../src/engine/contents.ts'
import { faults } from '../../src/testing/index.ts'

const content = 'c'.repeat(64) as ContentId
const pieceLength = 16 * 1024
const data = Uint8Array.from({ length: 2 * pieceLength + 5 }, (_, i) => i * 7 % 251)
const pieceOf = (piece: number): Uint8Array => data.slice(piece * pieceLength, (piece + 1) * pieceLength)

interface Trial { readonly contents: Contents, readonly store: Store, readonly manifest: Manifest, readonly integrity: Integrity, readonly hashes: Uint8Array, readonly told: string[], next (): Promise<Input> }

const trial = async (wrap: { store?: (store: Store) => Store, integrity?: (integrity: Integrity) => Integrity } = {}): Promise<Trial> => {
  const real = await sha256().create({ log: () => undefined })
  const sealer = real.sealer({ length: data.byteLength, pieceLength })
  await sealer.push(data)
  const { root, hashes } = await sealer.finish()
  const manifest: Manifest = { format: 1, scheme: 'sha256', coding: 'none', length: data.byteLength, pieceLength, root }
  const storage = await storageMemory().create({ log: () => undefined })
  const open = await storage.open(manifest, { folder: '/to', name: 'a' }, new AbortController().signal)
  const store = wrap.store?.(open) ?? open
  const integrity = wrap.integrity?.(real) ?? real
  const told: string[] = []
  const [inputs, waiting] = [[] as Input[], [] as ((input: Input) => void)[]]
  const contents = createContents({
    input: input => { const wait = waiting.shift(); if (wait === undefined) inputs.push(input); else wait(input) },
    unreadable: (_content, error) => { told.push(`unreadable ${(error as ShoalError).code}`) },
    broken: (_content, error) => { told.push(`broken ${(error as Error).message}`) }
  })
  return { contents, store, manifest, integrity, hashes, told, next: async () => inputs.shift() ?? await new Promise<Input>(resolve => { waiting.push(resolve) }) }
}
const taken = async (t: Trial): Promise<Trial> => { await t.contents.take(content, t); return t }

describe('a content that is taken up', () => {
  it('says which pages of hashes its store keeps', async () => {
    const t = await trial()
    expect([...await t.contents.take(content, t)]).toEqual([0])
    t.contents.lay(content)
    await t.store.writeHashes(0, t.hashes, t.hashes.byteLength)
    expect([...await t.contents.take(content, t)]).toEqual([0x80])
  })

  it('proves a page, keeps it, verifies against it, stores and loads', async () => {
    const t = await taken(await trial())
    const proof = t.integrity.proof(t.manifest, t.hashes, 0, 3)
    t.contents.perform({ type: 'prove', content, link: 1, first: 0, hashes: t.hashes.slice().fill(1), proof })
    expect(await t.next()).toMatchObject({ type: 'proved', ok: false })
    t.contents.perform({ type: 'prove', content, link: 1, first: 0, hashes: t.hashes, proof })
    expect(await t.next()).toMatchObject({ type: 'proved', ok: true })
    expect(await t.store.hashes()).toEqual(t.hashes)
    t.contents.perform({ type: 'verify', content, piece: 1, parts: [pieceOf(0)] })
    expect(await t.next()).toMatchObject({ type: 'verified', ok: false })
    t.contents.perform({ type: 'verify', content, piece: 1, parts: [pieceOf(1)] })
    expect(await t.next()).toMatchObject({ type: 'verified', ok: true })
    t.contents.perform({ type: 'store', content, piece: 1, parts: [pieceOf(1)] })
    expect(await t.next()).toEqual({ type: 'stored', content, piece: 1 })
    t.contents.perform({ type: 'load', link: 1, content, piece: 1, offset: 3, length: 4 })
    expect(await t.next()).toMatchObject({ type: 'loaded', data: pieceOf(1).slice(3, 7) })
    t.contents.perform({ type: 'page', link: 1, content, first: 0, count: 3 })
    expect(await t.next()).toMatchObject({ type: 'paged', page: { hashes: t.hashes, proof } })
  })

  it.each([['STORAGE_FULL', true], ['STORAGE_FAILED', false]] as const)('tells %s of its store, and whether to try again', async (code, retry) => {
    const t = await taken(await trial({ store: store => faults.failing(store, { method: 'write', error: () => new ShoalError(code, 'No.') }) }))
    t.contents.perform({ type: 'store', content, piece: 0, parts: [pieceOf(0)] })
    expect(await t.next()).toEqual({ type: 'unstored', content, piece: 0, code, retry })
  })

  it('gives nothing of what its store cannot read, and says so once', async () => {
    const t = await taken(await trial({ store: store => faults.failing(store, { method: 'read', error: () => new ShoalError('SOURCE_CHANGED', 'No.') }) }))
    t.contents.perform({ type: 'load', link: 1, content, piece: 0, offset: 0, length: 4 })
    expect(await t.next()).toMatchObject({ type: 'loaded', data: undefined })
    expect(t.told).toEqual(['unreadable SOURCE_CHANGED'])
  })

  it('says nothing of a store that it lies in no more', async () => {
    const t = await taken(await trial({ store: store => faults.failing(store, { method: 'read', error: () => new ShoalError('STOPPED', 'No.') }) }))
    const other = await trial()
    t.contents.perform({ type: 'load', link: 1, content, piece: 0, offset: 0, length: 4 })
    t.contents.swap(content, other.store)
    expect(await t.next()).toMatchObject({ type: 'loaded', data: undefined })
    expect(t.told).toEqual([])
  })

  it('is broken, and not bad, when its scheme throws', async () => {
    const t = await taken(await trial({ integrity: integrity => ({ ...integrity, verify: () => { throw new Error('no') }, proves: () => { throw new Error('no either') } }) }))
    t.contents.perform({ type: 'verify', content, piece: 0, parts: [pieceOf(0)] })
    t.contents.perform({ type: 'prove', content, link: 1, first: 0, hashes: t.hashes, proof: new Uint8Array() })
    expect(t.told).toEqual(['broken no', 'broken no either'])
  })
})

it('a content that was laid down is not verified or stored, but who asks for it gets an answer', async () => {
  const t = await taken(await trial())
  t.contents.lay(content)
  t.contents.perform({ type: 'store', content, piece: 0, parts: [pieceOf(0)] })
  t.contents.perform({ type: 'load', link: 1, content, piece: 0, offset: 0, length: 4 })
  expect(await t.next()).toMatchObject({ type: 'loaded', data: undefined })
  t.contents.perform({ type: 'page', link: 1, content, first: 0, count: 3 })
  expect(await t.next()).toMatchObject({ type: 'paged', page: undefined })
})
