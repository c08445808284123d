import { hash } from 'node:crypto'
import { climb, concatBytes, lifted, nodeBytes, powerOfTwoFrom, toHex, treeProof, treeTop } from 'shoal/plugin'
import type { Tree } from 'shoal/plugin'
import { describe, expect, it } from 'vitest'

const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer')
const tree: Tree = { join: sha256, pad: new Uint8Array(nodeBytes) }
const nodes = (count: number): readonly Uint8Array[] => Array.from({ length: count }, (_, i) => sha256(Uint8Array.of(i)))

/** The top in the plainest way: all missing nodes written out. */
const plainTop = (all: readonly Uint8Array[]): Uint8Array => {
  let level = all
  while (level.length > 1) level = Array.from({ length: level.length / 2 }, (_, i) => sha256(concatBytes(...level.slice(2 * i, 2 * i + 2))))
  return level[0] ?? tree.pad
}
const padded = (all: readonly Uint8Array[], width: number): readonly Uint8Array[] => [...all, ...Array.from({ length: width - all.length }, () => tree.pad)]

describe('a Merkle tree', () => {
  it('has the top of the tree with all missing nodes written out', () => {
    for (let count = 0; count <= 20; count++) {
      for (const width of [powerOfTwoFrom(count), 4 * powerOfTwoFrom(count)]) {
        expect(toHex(treeTop(tree, concatBytes(...nodes(count)), width)), `${count} of ${width}`).toBe(toHex(plainTop(padded(nodes(count), width))))
      }
    }
  })

  it('proves every node, and no node elsewhere', () => {
    for (let count = 1; count <= 20; count++) {
      const packed = concatBytes(...nodes(count))
      const top = toHex(treeTop(tree, packed, powerOfTwoFrom(count)))
      nodes(count).forEach((node, index) => {
        const proof = treeProof(tree, packed, index)
        for (let at = 0; at < count; at++) {
          expect(toHex(climb(tree, node, at, count, proof) ?? new Uint8Array()) === top, `${index} of ${count} at ${at}`).toBe(at === index)
        }
        expect(climb(tree, node, index, count, concatBytes(proof, new Uint8Array(1)))).toBeUndefined()
      })
    }
  })

  it('seen from above its foot has whole trees of missing nodes for padding', () => {
    expect(toHex(lifted(tree, 3).pad)).toBe(toHex(plainTop(padded([], 8))))
  })
})
