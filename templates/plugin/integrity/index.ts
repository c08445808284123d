/** What the hash of a file is, and whether a piece is right. As it stands: SHA-512/256 of every piece, and a Merkle tree over them. */
import { hash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { byteWriter, definePlugin, equalBytes, hashPool, knownOptions, nodeBytes, pieceBytes, pieceCount, pieceLayer, pieceSealer } from 'shoal/plugin'

const algorithm = 'sha512-256'
const digestOf = (bytes: Uint8Array): Uint8Array => hash(algorithm, bytes, 'buffer')

const layer = pieceLayer({
  hashBytes: nodeBytes,
  nodes: hashes => hashes,
  tree: () => ({ join: digestOf, pad: new Uint8Array(nodeBytes) }),
  // the root says the shape, so that no other tree has it
  root: ({ length, pieceLength }, top) => digestOf(byteWriter().u64(length).u32(pieceLength).raw(top).finish())
})

export default definePlugin('integrity', 'my-name', options => {
  knownOptions('integrity-my-name', options, [])
  const pool = hashPool({ hash, threads: 1, start: source => new Worker(source, { eval: true }) })
  return {
    scheme: 'my-name',
    rootDependsOnPieceLength: true,
    hashBytes: nodeBytes,
    sealer: layout => pieceSealer({
      layout, pool, hashBytes: nodeBytes, digest: () => ({ algorithm }),
      seal: async hashes => ({ root: await layer.root(layout, hashes), hashes })
    }),
    proof: layer.proof,
    proves: layer.proves,
    async verify (manifest, piece, expected, parts) {
      const length = parts.reduce((sum, part) => sum + part.byteLength, 0)
      if (piece < 0 || piece >= pieceCount(manifest) || length !== pieceBytes(manifest, piece)) return false
      return equalBytes(await pool.digest(parts, { algorithm }), expected)
    },
    stop: pool.stop
  }
})
