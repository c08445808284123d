/**
 * The piece hashes of a content as a layer under its root: the root from all of them, and the proof that a page of them belongs to it.
 * Owns pages and what is remembered to prove them fast; what a node and a root are is the scheme's.
 */
import { assert, equalBytes, hashPage, maxPieceBytes, minPieceBytes, pieceCount, ShoalError, toHex } from '../contract/index.ts'
import type { Layout, Manifest } from '../contract/index.ts'
import { climb, lifted, nodeBytes, powerOfTwoFrom, treeProof, treeTop } from './merkle.ts'
import type { Tree } from './merkle.ts'

export interface LayerScheme {
  /** Bytes of one piece hash. */
  readonly hashBytes: number
  /** Piece hashes, packed, as nodes of the tree, packed. */
  nodes (hashes: Uint8Array): Uint8Array
  tree (layout: Layout): Tree
  /** The root, from the top of the tree. */
  root (layout: Layout, top: Uint8Array): Uint8Array
}

export interface PieceLayer {
  /** Hex of the root over a whole layer. Lets other work run between pages. */
  root (layout: Layout, hashes: Uint8Array): Promise<string>
  /** As in `Integrity`. @throws ShoalError INTEGRITY when the hashes are not those of the manifest's root */
  proof (manifest: Manifest, hashes: Uint8Array, first: number, count: number): Uint8Array
  /** As in `Integrity`. */
  proves (manifest: Manifest, first: number, hashes: Uint8Array, proof: Uint8Array): boolean
}

const pageHeight = Math.log2(hashPage)
/** Contents of which the tops of pages are remembered: 32 bytes per 512 pieces each. */
const remembered = 256

/** About 3 ms of hashing. */
const pagesPerBreath = 8

const isLayout = ({ length, pieceLength }: Layout): boolean =>
  Number.isSafeInteger(length) && length >= 0 && pieceLength >= minPieceBytes && pieceLength <= maxPieceBytes && Number.isInteger(Math.log2(pieceLength))

const breath = async (): Promise<void> => new Promise(resolve => { setTimeout(resolve, 0) })

export const pieceLayer = (scheme: LayerScheme): PieceLayer => {
  /** Tops of all pages by root, the longest unused first. Only for layers of more than one page. */
  const topsByRoot = new Map<string, Uint8Array>()

  const remember = (root: string, tops: Uint8Array): void => {
    topsByRoot.delete(root)
    topsByRoot.set(root, tops)
    if (topsByRoot.size > remembered) for (const oldest of topsByRoot.keys()) { topsByRoot.delete(oldest); break }
  }

  const pageCount = (layout: Layout): number => Math.ceil(pieceCount(layout) / hashPage)
  const page = (hashes: Uint8Array, number: number): Uint8Array =>
    hashes.subarray(number * hashPage * scheme.hashBytes, (number + 1) * hashPage * scheme.hashBytes)

  /** The top over one page: as wide as a page, or as the layer if that is all there is. */
  const pageTop = (layout: Layout, hashes: Uint8Array): Uint8Array =>
    treeTop(scheme.tree(layout), scheme.nodes(hashes), Math.min(hashPage, powerOfTwoFrom(pieceCount(layout))))

  const rootOver = (layout: Layout, tops: Uint8Array): string => {
    const tree = scheme.tree(layout)
    const pages = tops.byteLength / nodeBytes
    return toHex(scheme.root(layout, pages <= 1 ? tops : treeTop(lifted(tree, pageHeight), tops, powerOfTwoFrom(pages))))
  }

  const pageTops = (layout: Layout, hashes: Uint8Array): Uint8Array => {
    const tops = new Uint8Array(Math.max(1, pageCount(layout)) * nodeBytes)
    for (let number = 0; number * nodeBytes < tops.byteLength; number++) tops.set(pageTop(layout, page(hashes, number)), number * nodeBytes)
    return tops
  }

  const provenTops = (manifest: Manifest, hashes: Uint8Array, fresh: boolean): Uint8Array => {
    const tops = (fresh ? undefined : topsByRoot.get(manifest.root)) ?? pageTops(manifest, hashes)
    if (rootOver(manifest, tops) !== manifest.root) {
      throw new ShoalError('INTEGRITY', `The piece hashes kept for root ${manifest.root} do not lead to it. Share or fetch the file again.`)
    }
    if (tops.byteLength > nodeBytes) remember(manifest.root, tops)
    return tops
  }

  return {
    async root (layout, hashes) {
      assert(hashes.byteLength === pieceCount(layout) * scheme.hashBytes, 'a layer has a hash for every piece')
      if (pageCount(layout) <= 1) return rootOver(layout, pageTops(layout, hashes))
      const tops = new Uint8Array(pageCount(layout) * nodeBytes)
      for (let number = 0; number < pageCount(layout); number++) {
        tops.set(pageTop(layout, page(hashes, number)), number * nodeBytes)
        if (number % pagesPerBreath === 0) await breath()
      }
      const root = rootOver(layout, tops)
      remember(root, tops)
      return root
    },

    proof (manifest, hashes, first, count) {
      const pieces = pieceCount(manifest)
      assert(hashes.byteLength === pieces * scheme.hashBytes, 'a layer has a hash for every piece')
      const whole = first === 0 && count === pieces
      assert(whole || (first % hashPage === 0 && first < pieces && count === Math.min(hashPage, pieces - first)), 'a proof is for a page or for the whole layer')
      const tops = provenTops(manifest, hashes, whole)
      if (whole) return new Uint8Array()
      const number = first / hashPage
      // the tops may be remembered from before: these very hashes must be those
      if (!equalBytes(pageTop(manifest, page(hashes, number)), tops.subarray(number * nodeBytes, (number + 1) * nodeBytes))) {
        throw new ShoalError('INTEGRITY', `Piece hashes ${first} … of root ${manifest.root} were damaged where they are kept. Share or fetch the file again.`)
      }
      return treeProof(lifted(scheme.tree(manifest), pageHeight), tops, number)
    },

    proves (manifest, first, hashes, proof) {
      if (!isLayout(manifest) || !Number.isSafeInteger(first) || first < 0 || hashes.byteLength % scheme.hashBytes !== 0) return false
      const pieces = pieceCount(manifest)
      const count = hashes.byteLength / scheme.hashBytes
      if (first === 0 && count === pieces) return proof.byteLength === 0 && rootOver(manifest, pageTops(manifest, hashes)) === manifest.root
      if (first % hashPage !== 0 || first >= pieces || count !== Math.min(hashPage, pieces - first)) return false
      const top = climb(lifted(scheme.tree(manifest), pageHeight), pageTop(manifest, hashes), first / hashPage, pageCount(manifest), proof)
      return top !== undefined && toHex(scheme.root(manifest, top)) === manifest.root
    }
  }
}
