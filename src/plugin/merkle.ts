/**
 * Binary hash trees over nodes of 32 bytes: their top, and the way from a part of the tree up to it. Owns the shape of trees and proofs, no hash:
 * a scheme brings its own. Nodes lie packed, one after another; a tree is as wide as the next power of two, and missing nodes are `pad`.
 */
import { concatBytes } from '../contract/index.ts'

export const nodeBytes = 32

export interface Tree {
  /** The node over two: 64 bytes, left and right, neither kept nor changed. */
  readonly join: (pair: Uint8Array) => Uint8Array
  /** Stands for a missing node at the foot of the tree. */
  readonly pad: Uint8Array
}

export const powerOfTwoFrom = (count: number): number => {
  let width = 1
  while (width < count) width *= 2
  return width
}

const nodeAt = (nodes: Uint8Array, index: number): Uint8Array => nodes.subarray(index * nodeBytes, (index + 1) * nodeBytes)

/** One level up: half as many nodes, rounded up. */
const raise = ({ join, pad }: Tree, nodes: Uint8Array): Uint8Array => {
  const count = nodes.byteLength / nodeBytes
  const above = new Uint8Array(Math.ceil(count / 2) * nodeBytes)
  for (let i = 0; i < count; i += 2) {
    const pair = i + 1 < count ? nodes.subarray(i * nodeBytes, (i + 2) * nodeBytes) : concatBytes(nodeAt(nodes, i), pad)
    above.set(join(pair), i / 2 * nodeBytes)
  }
  return above
}

/** The same tree seen from `height` levels above its foot. */
export const lifted = (tree: Tree, height: number): Tree => {
  let pad = tree.pad
  for (let i = 0; i < height; i++) pad = tree.join(concatBytes(pad, pad))
  return { join: tree.join, pad }
}

/**
 * The top of a tree over these nodes.
 * @param width a power of two, at least the number of nodes
 */
export const treeTop = (tree: Tree, nodes: Uint8Array, width: number): Uint8Array => {
  if (nodes.byteLength === 0) return lifted(tree, Math.log2(width)).pad
  let level = nodes
  let above = tree
  for (let left = width; left > 1; left /= 2) {
    level = raise(above, level)
    above = lifted(above, 1)
  }
  return level.slice()
}

/** The nodes beside the way from node `index` to the top, lowest first. */
export const treeProof = (tree: Tree, nodes: Uint8Array, index: number): Uint8Array => {
  const beside: Uint8Array[] = []
  let level = nodes
  let above = tree
  let at = index
  for (let left = powerOfTwoFrom(nodes.byteLength / nodeBytes); left > 1; left /= 2) {
    const sibling = at ^ 1
    beside.push(sibling * nodeBytes < level.byteLength ? nodeAt(level, sibling) : above.pad)
    level = raise(above, level)
    above = lifted(above, 1)
    at >>= 1
  }
  return concatBytes(...beside)
}

/** The top that a proof leads to from node `index` of a tree over `count` nodes; undefined when the proof has another length than it must. */
export const climb = (tree: Tree, node: Uint8Array, index: number, count: number, proof: Uint8Array): Uint8Array | undefined => {
  const steps = Math.log2(powerOfTwoFrom(count))
  if (proof.byteLength !== steps * nodeBytes) return undefined
  let here = node
  let at = index
  for (let step = 0; step < steps; step++) {
    const beside = nodeAt(proof, step)
    here = tree.join(at % 2 === 0 ? concatBytes(here, beside) : concatBytes(beside, here))
    at = Math.floor(at / 2)
  }
  return here
}
