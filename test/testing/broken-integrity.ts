/** Integrities that break the contract, each in one way: the suite must notice every one. */
import { concatBytes, hashPage, pieceCount } from 'shoal/plugin'
import type { Integrity } from 'shoal/plugin'
import { sha1Integrity } from '../../plugins/integrity-sha1/index.ts'
import { sha256Integrity } from '../../plugins/integrity-sha256/index.ts'

type Break = (integrity: Integrity) => Partial<Integrity>

/** Each fault, and a part of the name of a case that must notice it. */
export const breaks: Readonly<Record<string, { readonly noticed: string, readonly broken: Break, readonly scheme?: 'sha1' }>> = {
  'bad data is believed': { noticed: 'flipped bit', broken: () => ({ verify: () => true }) },
  'good data is doubted': { noticed: 'verifies as it was sealed', broken: () => ({ verify: () => false }) },
  'the last byte of a piece is not looked at': {
    noticed: 'flipped bit',
    broken: integrity => ({
      async verify (manifest, piece, expected, parts) {
        if (await integrity.verify(manifest, piece, expected, parts)) return true
        const last = parts.at(-1)
        if (last === undefined) return false
        const others = [...parts.slice(0, -1), last.subarray(0, -1)]
        for (let byte = 0; byte < 256; byte++) if (await integrity.verify(manifest, piece, expected, [...others, Uint8Array.of(byte)])) return true
        return false
      }
    })
  },
  'a piece that is too long is cut': {
    noticed: 'wrong length',
    broken: integrity => ({
      verify: async (manifest, piece, expected, parts) =>
        integrity.verify(manifest, piece, expected, [concatBytes(...parts).subarray(0, Math.min(manifest.pieceLength, manifest.length - piece * manifest.pieceLength))])
    })
  },
  'parts are taken in any order': {
    noticed: 'wrong order',
    broken: integrity => ({
      verify: async (manifest, piece, expected, parts) =>
        await integrity.verify(manifest, piece, expected, parts) || integrity.verify(manifest, piece, expected, [...parts].reverse())
    })
  },
  'the parts given to verify are changed': {
    noticed: 'neither kept nor changed',
    broken: integrity => ({
      async verify (manifest, piece, expected, parts) {
        const result = await integrity.verify(manifest, piece, expected, parts)
        parts.find(({ byteLength }) => byteLength > 0)?.fill(0xee, 0, 1)
        return result
      }
    })
  },
  'pushed parts are kept': {
    noticed: 'used again',
    broken: integrity => ({
      sealer (layout) {
        const parts: Uint8Array[] = []
        return {
          push (bytes) { parts.push(bytes) },
          async finish () {
            const sealer = integrity.sealer(layout)
            for (const part of parts) await sealer.push(part)
            return sealer.finish()
          }
        }
      }
    })
  },
  'the end of a content that is too long is left out': {
    noticed: 'more or fewer bytes',
    broken: integrity => ({
      sealer (layout) {
        const sealer = integrity.sealer(layout)
        let left = layout.length
        return {
          async push (bytes) {
            await sealer.push(bytes.subarray(0, left))
            left -= Math.min(left, bytes.byteLength)
          },
          finish: async () => sealer.finish()
        }
      }
    })
  },
  'all contents have one root': {
    noticed: 'has another root',
    broken: integrity => ({
      sealer (layout) {
        const sealer = integrity.sealer(layout)
        return { push: async bytes => { await sealer.push(bytes) }, finish: async () => ({ ...await sealer.finish(), root: 'ab'.repeat(32) }) }
      }
    })
  },
  'it is said wrongly what the root depends on': { noticed: 'depends on the piece length', broken: integrity => ({ rootDependsOnPieceLength: !integrity.rootDependsOnPieceLength }) },
  'every page is believed': { noticed: 'only where it is', broken: () => ({ proves: () => true }) },
  'every hash that is too many is left out': {
    noticed: 'too few hashes',
    broken: integrity => ({
      proves (manifest, first, hashes, proof) {
        const most = Math.min(hashPage, pieceCount(manifest) - first) * integrity.hashBytes
        return integrity.proves(manifest, first, hashes.subarray(0, most), proof)
      }
    })
  },
  'the proof may have a tail': {
    noticed: 'bytes too many or too few in the proof',
    broken: integrity => ({
      proves (manifest, first, hashes, proof) {
        for (let end = proof.byteLength; end >= 0; end--) if (integrity.proves(manifest, first, hashes, proof.subarray(0, end))) return true
        return false
      }
    })
  },
  'garbage throws': {
    noticed: 'never throws',
    broken: integrity => ({
      proves (manifest, first, hashes, proof) {
        if (hashes.byteLength % integrity.hashBytes !== 0) throw new RangeError('Bad length.')
        return integrity.proves(manifest, first, hashes, proof)
      }
    })
  },
  'damaged hashes are given a proof': {
    noticed: 'damaged where it was kept',
    broken: () => ({ proof: () => new Uint8Array() })
  },
  'the combined hash is left out of seals': {
    noticed: 'combined hash',
    scheme: 'sha1',
    broken: integrity => ({
      sealer (layout) {
        const sealer = integrity.sealer(layout)
        return {
          push: async bytes => { await sealer.push(bytes) },
          async finish () {
            const { root, hashes } = await sealer.finish()
            return { root, hashes }
          }
        }
      }
    })
  }
}

export const brokenIntegrity = ({ broken, scheme }: { readonly broken: Break, readonly scheme?: 'sha1' }): Integrity => {
  const whole = scheme === 'sha1' ? sha1Integrity({ threads: 1 }) : sha256Integrity({ threads: 1 })
  return { ...whole, ...broken(whole) }
}
