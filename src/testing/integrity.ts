/** What every Integrity must do. Owns no vector of a scheme: those are held against what other programs computed, in the scheme's own tests. */
import assert from 'node:assert/strict'
import { leafBytes, pieceBytes, pieceCount, ShoalError } from '../contract/index.ts'
import type { Integrity, Layout, Manifest, Seal } from '../contract/index.ts'
import { contentOf, everyPiece, layouts, manifestOf, partsOf, pieceOf, seeded } from './contents.ts'
import { integrityProofSuite } from './integrity-proofs.ts'
import { sameBytes } from './same-bytes.ts'
import type { SuiteCase } from './suite.ts'

export const sealed = async (integrity: Integrity, layout: Layout, content: Uint8Array, seed = 1): Promise<{ readonly manifest: Manifest, readonly seal: Seal }> => {
  const sealer = integrity.sealer(layout)
  for (const part of partsOf(content, seed)) await sealer.push(part)
  const seal = await sealer.finish()
  return { seal, manifest: { ...manifestOf(layout, seal.root), scheme: integrity.scheme } }
}

const hashAt = (integrity: Integrity, { hashes }: Seal, piece: number): Uint8Array => hashes.subarray(piece * integrity.hashBytes, (piece + 1) * integrity.hashBytes)

const flipped = (bytes: Uint8Array, at: number, bit: number): Uint8Array => {
  const copy = bytes.slice()
  copy[at] = (copy[at] ?? 0) ^ (1 << bit)
  return copy
}

const said = ({ length, pieceLength }: Layout): string => `${length} bytes in pieces of ${pieceLength}`

export const integritySuite: readonly SuiteCase<Integrity>[] = [
  { name: 'a seal has a root in hex and one hash for every piece',
    async run (integrity) {
      assert.match(integrity.scheme, /^[a-z0-9-]+$/)
      for (const layout of layouts()) {
        const { seal } = await sealed(integrity, layout, contentOf(layout.length))
        assert.match(seal.root, /^([0-9a-f]{2})+$/)
        assert.equal(seal.hashes.byteLength, pieceCount(layout) * integrity.hashBytes, said(layout))
      }
    } },
  { name: 'the seal does not depend on how the bytes are cut into parts',
    async run (integrity) {
      for (const layout of layouts()) {
        const content = contentOf(layout.length)
        const { seal } = await sealed(integrity, layout, content)
        for (const seed of [2, 3]) assert.deepEqual((await sealed(integrity, layout, content, seed)).seal, seal, said(layout))
        const sealer = integrity.sealer(layout)
        await sealer.push(content)
        assert.deepEqual(await sealer.finish(), seal, `${said(layout)}, in one part`)
      }
    } },
  { name: 'a part may be used again when its push returned, and pushes that were not awaited keep their order',
    async run (integrity) {
      const layout = { length: 9 * 4 * leafBytes + 5, pieceLength: 4 * leafBytes }
      const content = contentOf(layout.length)
      const { seal } = await sealed(integrity, layout, content)
      const reusing = integrity.sealer(layout)
      const buffer = new Uint8Array(100_000)
      for (let at = 0; at < content.byteLength; at += buffer.byteLength) {
        const part = content.subarray(at, at + buffer.byteLength)
        buffer.set(part)
        await reusing.push(buffer.subarray(0, part.byteLength))
        buffer.fill(0xee)
      }
      assert.deepEqual(await reusing.finish(), seal)
      const hasty = integrity.sealer(layout)
      await Promise.all(partsOf(content).map(async part => { await hasty.push(part) }))
      assert.deepEqual(await hasty.finish(), seal)
    } },
  { name: 'a content that differs in one bit, in length or in its zeros has another root',
    async run (integrity) {
      const roots = new Map<string, string>()
      const note = async (what: string, layout: Layout, content: Uint8Array): Promise<void> => {
        const { seal: { root } } = await sealed(integrity, layout, content)
        assert.equal(roots.get(root), undefined, `${what} has the root of ${String(roots.get(root))}`)
        roots.set(root, what)
      }
      for (const layout of layouts()) {
        const content = contentOf(layout.length)
        await note(said(layout), layout, content)
        if (layout.length > 4) await note(`${said(layout)}, one bit flipped`, layout, flipped(content, layout.length - 1, 7))
        if (layout.length > 1) await note(`${said(layout)}, all zeros`, layout, new Uint8Array(layout.length))
      }
    } },
  { name: 'the root depends on the piece length exactly when it is said to',
    async run (integrity) {
      for (const length of [1, 5 * leafBytes, 16 * leafBytes + 1, 23 * leafBytes]) {
        const content = contentOf(length)
        const roots = new Set<string>()
        for (const pieceLength of [leafBytes, 2 * leafBytes, 8 * leafBytes, 32 * leafBytes]) roots.add((await sealed(integrity, { length, pieceLength }, content)).seal.root)
        assert.equal(roots.size, integrity.rootDependsOnPieceLength ? 4 : 1, `${length} bytes`)
      }
    } },
  { name: 'a seal of more or fewer bytes than were announced is refused with INTEGRITY',
    async run (integrity) {
      for (const layout of layouts()) {
        for (const length of [layout.length - 1, layout.length + 1, 0].filter(length => length >= 0 && length !== layout.length)) {
          const sealer = integrity.sealer(layout)
          for (const part of partsOf(contentOf(length))) await sealer.push(part)
          await assert.rejects(sealer.finish(), (error: unknown) => ShoalError.is(error, 'INTEGRITY'), `${length} for ${said(layout)}`)
        }
      }
    } },
  { name: 'every piece verifies as it was sealed, in parts of any size, and is neither kept nor changed',
    async run (integrity) {
      for (const layout of layouts()) {
        integrity.prepare?.() // again and again, beside work
        const content = contentOf(layout.length)
        const { manifest, seal } = await sealed(integrity, layout, content)
        for (const piece of everyPiece(layout)) {
          const bytes = pieceOf(layout, content, piece).slice()
          for (const parts of [[bytes], partsOf(bytes, piece + 1), [new Uint8Array(), ...partsOf(bytes, piece + 2), new Uint8Array()]]) {
            const result = integrity.verify(manifest, piece, hashAt(integrity, seal, piece), parts)
            assert.equal(await result, true, `piece ${piece} of ${said(layout)}`)
          }
          sameBytes(bytes, pieceOf(layout, content, piece), `piece ${piece} after it was verified`)
        }
      }
    } },
  { name: 'one flipped bit in any piece is noticed',
    async run (integrity) {
      const random = seeded(7)
      for (const layout of layouts()) {
        const content = contentOf(layout.length)
        const { manifest, seal } = await sealed(integrity, layout, content)
        for (const piece of everyPiece(layout)) {
          const bytes = pieceOf(layout, content, piece)
          for (const at of [0, bytes.byteLength - 1, Math.floor(random() * bytes.byteLength)]) {
            const bad = flipped(bytes, at, Math.floor(random() * 8))
            assert.equal(await integrity.verify(manifest, piece, hashAt(integrity, seal, piece), partsOf(bad)), false, `byte ${at} of piece ${piece} of ${said(layout)}`)
          }
        }
      }
    } },
  { name: 'a piece of the wrong length, in the wrong order or in the wrong place is noticed',
    async run (integrity) {
      const layout = { length: 6 * 4 * leafBytes + 100, pieceLength: 4 * leafBytes }
      const content = contentOf(layout.length)
      const { manifest, seal } = await sealed(integrity, layout, content)
      const verify = async (piece: number, ...parts: readonly Uint8Array[]): Promise<boolean> => integrity.verify(manifest, piece, hashAt(integrity, seal, piece), parts)
      for (const piece of everyPiece(layout)) {
        const bytes = pieceOf(layout, content, piece)
        assert.equal(await verify(piece), false, 'nothing')
        assert.equal(await verify(piece, bytes.subarray(1)), false, 'the first byte missing')
        assert.equal(await verify(piece, bytes.subarray(0, -1)), false, 'the last byte missing')
        assert.equal(await verify(piece, bytes, new Uint8Array(1)), false, 'a zero too many')
        assert.equal(await verify(piece, bytes, bytes), false, 'twice')
        assert.equal(await verify(piece, bytes.subarray(bytes.byteLength / 2), bytes.subarray(0, bytes.byteLength / 2)), false, 'halves exchanged')
        const other = (piece + 1) % pieceCount(layout)
        assert.equal(await verify(piece, pieceOf(layout, content, other)), false, 'another piece')
      }
      assert.equal(await integrity.verify(manifest, pieceCount(layout), hashAt(integrity, seal, 0), [pieceOf(layout, content, 0)]), false, 'a piece beyond the last')
    } },
  { name: 'many pieces verified at the same time each get their own answer',
    async run (integrity) {
      const layout = { length: 40 * 8 * leafBytes + 9, pieceLength: 8 * leafBytes }
      const content = contentOf(layout.length)
      const { manifest, seal } = await sealed(integrity, layout, content)
      const answers = await Promise.all(everyPiece(layout).map(async piece => {
        const bytes = pieceOf(layout, content, piece)
        const sent = piece % 3 === 0 ? flipped(bytes, pieceBytes(layout, piece) - 1, 0) : bytes
        return integrity.verify(manifest, piece, hashAt(integrity, seal, piece), partsOf(sent, piece))
      }))
      assert.deepEqual(answers, everyPiece(layout).map(piece => piece % 3 !== 0))
    } },
  { name: 'two sealers at the same time do not mix',
    async run (integrity) {
      const [a, b] = [layouts()[9], layouts()[7]]
      assert.ok(a !== undefined && b !== undefined)
      const alone = [await sealed(integrity, a, contentOf(a.length)), await sealed(integrity, b, contentOf(b.length))]
      assert.deepEqual(await Promise.all([sealed(integrity, a, contentOf(a.length), 5), sealed(integrity, b, contentOf(b.length), 6)]), alone)
    } },
  { name: 'the combined hash is in a seal exactly when it can be computed from the piece hashes, and tells contents apart',
    async run (integrity) {
      const seen = new Set<string>()
      for (const layout of layouts()) {
        const { seal } = await sealed(integrity, layout, contentOf(layout.length))
        assert.equal(seal.combined, integrity.combined?.(seal.hashes), said(layout))
        if (seal.combined === undefined) continue
        assert.match(seal.combined, /^([0-9a-f]{2})+$/)
        assert.equal(seen.has(seal.combined), false, said(layout))
        seen.add(seal.combined)
      }
    } },
  ...integrityProofSuite
]
