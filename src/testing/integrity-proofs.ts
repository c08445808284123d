/** What every Integrity must do about proofs of piece hashes, which come from strangers: the half of the suite about pages. integrity.ts is the whole. */
import assert from 'node:assert/strict'
import { concatBytes, hashPage, leafBytes, pieceCount, ShoalError } from '../contract/index.ts'
import type { Integrity, Layout, Manifest } from '../contract/index.ts'
import { contentOf, layouts, manifestOf, seeded } from './contents.ts'
import type { SuiteCase } from './suite.ts'

interface Page { readonly first: number, readonly count: number, readonly hashes: Uint8Array, readonly proof: Uint8Array }
interface Layer { readonly manifest: Manifest, readonly hashes: Uint8Array, readonly pages: readonly Page[] }

const layerOf = async (integrity: Integrity, layout: Layout): Promise<Layer> => {
  const sealer = integrity.sealer(layout)
  await sealer.push(contentOf(layout.length))
  const { root, hashes } = await sealer.finish()
  const manifest = { ...manifestOf(layout, root), scheme: integrity.scheme }
  const pieces = pieceCount(layout)
  const pages = Array.from({ length: Math.ceil(pieces / hashPage) }, (_, page) => {
    const first = page * hashPage
    const count = Math.min(hashPage, pieces - first)
    return { first, count, hashes: hashes.subarray(first * integrity.hashBytes, (first + count) * integrity.hashBytes), proof: integrity.proof(manifest, hashes, first, count) }
  })
  return { manifest, hashes, pages }
}

/** Layers of exactly one page, of a page and one, and of three pages of which the last is short. */
const large = [hashPage, hashPage + 1, 2 * hashPage + 276].map(pieces => ({ length: pieces * leafBytes - 100, pieceLength: leafBytes }))

const flippedAt = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = bytes.slice()
  copy[at] = (copy[at] ?? 0) ^ 0x10
  return copy
}

export const integrityProofSuite: readonly SuiteCase<Integrity>[] = [
  { name: 'the whole layer of a content proves itself, and no other does',
    async run (integrity) {
      for (const layout of [...layouts(), ...large]) {
        const { manifest, hashes } = await layerOf(integrity, layout)
        const proof = integrity.proof(manifest, hashes, 0, pieceCount(layout))
        assert.equal(integrity.proves(manifest, 0, hashes, proof), true, `${layout.length} bytes`)
        assert.equal(integrity.proves({ ...manifest, root: flippedHex(manifest.root) }, 0, hashes, proof), false, 'another root')
        assert.equal(integrity.proves(manifest, 0, concatBytes(hashes, new Uint8Array(integrity.hashBytes)), proof), false, 'a hash too many')
        if (layout.length === 0) continue
        assert.equal(integrity.proves(manifest, 0, hashes.subarray(integrity.hashBytes), proof), false, 'a hash too few')
        for (let at = 0; at < hashes.byteLength; at += 1 + Math.ceil(hashes.byteLength / 40)) assert.equal(integrity.proves(manifest, 0, flippedAt(hashes, at), proof), false, `byte ${at} changed`)
      }
    } },
  { name: 'every page of a layer of more than 512 pieces is proved, by a proof that grows with the logarithm only',
    async run (integrity) {
      for (const layout of large) {
        const { manifest, pages } = await layerOf(integrity, layout)
        for (const { first, hashes, proof } of pages) {
          assert.equal(integrity.proves(manifest, first, hashes, proof), true, `page at ${first} of ${pieceCount(layout)}`)
          assert.ok(proof.byteLength <= 64 * Math.ceil(Math.log2(pages.length) + 1))
        }
      }
    } },
  { name: 'a page is proved only where it is: not at another index, with other hashes, or with the proof of another page',
    async run (integrity) {
      for (const layout of large.slice(1)) {
        const { manifest, pages } = await layerOf(integrity, layout)
        for (const page of pages) {
          for (const first of [page.first + 1, page.first + hashPage, page.first - hashPage, -1, 0.5, 2 ** 40, Number.NaN, Infinity]) {
            assert.equal(integrity.proves(manifest, first, page.hashes, page.proof), false, `page ${page.first} at ${first}`)
          }
          for (const other of pages) {
            if (other === page) continue
            assert.equal(integrity.proves(manifest, page.first, page.hashes, other.proof), false, `proof of ${other.first} for ${page.first}`)
            assert.equal(integrity.proves(manifest, page.first, other.hashes, page.proof), false, `hashes of ${other.first} for ${page.first}`)
          }
        }
      }
    } },
  { name: 'too few hashes, too many, a torn one, or bytes too many or too few in the proof are refused',
    async run (integrity) {
      for (const layout of large) {
        const { manifest, pages } = await layerOf(integrity, layout)
        const one = new Uint8Array(integrity.hashBytes)
        for (const { first, hashes, proof } of pages) {
          const refused = (what: string, candidate: Uint8Array, by: Uint8Array): void => {
            assert.equal(integrity.proves(manifest, first, candidate, by), false, `page ${first} of ${pieceCount(layout)}: ${what}`)
          }
          refused('no hash', new Uint8Array(), proof)
          refused('last hash missing', hashes.subarray(0, -integrity.hashBytes), proof)
          refused('a hash of zeros more', concatBytes(hashes, one), proof)
          refused('a torn hash', hashes.subarray(0, -1), proof)
          refused('a byte more', concatBytes(hashes, new Uint8Array(1)), proof)
          refused('a byte more in the proof', hashes, concatBytes(proof, new Uint8Array(1)))
          refused('a node more in the proof', hashes, concatBytes(proof, new Uint8Array(32)))
          if (proof.byteLength === 0) continue
          refused('no proof', hashes, new Uint8Array())
          refused('a byte less in the proof', hashes, proof.subarray(1))
          refused('a node less in the proof', hashes, proof.subarray(32))
        }
      }
    } },
  { name: 'one changed byte in any hash or proof of a page is noticed',
    async run (integrity) {
      const layout = large[2]
      assert.ok(layout !== undefined)
      const { manifest, pages } = await layerOf(integrity, layout)
      for (const { first, count, hashes, proof } of pages) {
        for (let hash = 0; hash < count; hash += 37) {
          assert.equal(integrity.proves(manifest, first, flippedAt(hashes, hash * integrity.hashBytes + hash % integrity.hashBytes), proof), false, `hash ${first + hash}`)
        }
        for (let at = 0; at < proof.byteLength; at++) assert.equal(integrity.proves(manifest, first, hashes, flippedAt(proof, at)), false, `byte ${at} of the proof`)
      }
    } },
  { name: 'no proof is made from a layer that was damaged where it was kept',
    async run (integrity) {
      for (const layout of large) {
        const { manifest, hashes, pages } = await layerOf(integrity, layout)
        for (const { first, count } of pages) {
          const damaged = flippedAt(hashes, first * integrity.hashBytes + 3)
          assert.throws(() => integrity.proof(manifest, damaged, first, count), (error: unknown) => ShoalError.is(error, 'INTEGRITY'), `page ${first}`)
        }
      }
    } },
  { name: 'garbage from strangers is refused and never throws',
    async run (integrity) {
      const seed = 20_240
      const random = seeded(seed)
      const garbage = (most: number): Uint8Array => Uint8Array.from({ length: Math.floor(random() * most) }, () => Math.floor(random() * 256))
      const { manifest } = await layerOf(integrity, { length: 3 * leafBytes, pieceLength: leafBytes })
      for (let round = 0; round < 300; round++) {
        const length = Math.floor(2 ** (random() * 53))
        const strange: Manifest = {
          ...manifest, length: random() < 0.1 ? -length : length, pieceLength: random() < 0.8 ? 2 ** Math.floor(14 + random() * 11) : Math.floor(random() * 1e6),
          root: random() < 0.5 ? manifest.root : 'no hex at all'
        }
        const first = random() < 0.5 ? hashPage * Math.floor(random() * 9) : Math.floor(random() * 1e9)
        const answer = integrity.proves(strange, first, garbage(20 * integrity.hashBytes), garbage(400))
        assert.equal(answer, false, `round ${round} of seed ${seed}`)
      }
    } }
]

const flippedHex = (hex: string): string => `${hex.startsWith('0') ? '1' : '0'}${hex.slice(1)}`
