/** An integrity scheme of one's own: SHA-512/256 in the tree of BitTorrent v2. Both peers must have it. Run: `node examples/own-integrity.ts` */
import { hash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { createShoal, createTrackerService } from 'shoal'
import { definePlugin, equalBytes, hashPool, leafBytes, lifted, nodeBytes, pieceBytes, pieceCount, pieceLayer, pieceSealer, powerOfTwoFrom } from 'shoal/plugin'
import type { Digest, Layout, Tree } from 'shoal/plugin'
import stateMemory from 'shoal/plugins/state-memory'
import trackerLocal from 'shoal/plugins/tracker-local'
import transportMemory from 'shoal/plugins/transport-memory'

const algorithm = 'sha512-256'
const digestOf = (bytes: Uint8Array): Uint8Array => hash(algorithm, bytes, 'buffer')
const leaves: Tree = { join: digestOf, pad: new Uint8Array(nodeBytes) }
const widthOf = (layout: Layout): number => pieceCount(layout) > 1 ? layout.pieceLength / leafBytes : powerOfTwoFrom(Math.ceil(layout.length / leafBytes))
const layer = pieceLayer({
  hashBytes: nodeBytes,
  nodes: hashes => hashes,
  tree: layout => lifted(leaves, Math.log2(widthOf(layout))),
  root: ({ length }, top) => length === 0 ? digestOf(new Uint8Array()) : top
})

const sha512256 = definePlugin('integrity', algorithm, () => {
  const pool = hashPool({ hash, threads: 1, start: source => new Worker(source, { eval: true }) })
  const digest = (layout: Layout): Digest => ({ algorithm, leaves: { bytes: leafBytes, width: widthOf(layout) } })
  return {
    scheme: algorithm, rootDependsOnPieceLength: false, hashBytes: nodeBytes, proof: layer.proof, proves: layer.proves, stop: pool.stop,
    sealer: layout => pieceSealer({
      layout, pool, hashBytes: nodeBytes, digest: () => digest(layout), seal: async hashes => ({ root: await layer.root(layout, hashes), hashes })
    }),
    async verify (manifest, piece, expected, parts) {
      const length = parts.reduce((sum, part) => sum + part.byteLength, 0)
      return piece < pieceCount(manifest) && length === pieceBytes(manifest, piece) && equalBytes(await pool.digest(parts, digest(manifest)), expected)
    }
  }
})

const folder = await mkdtemp(join(tmpdir(), 'shoal-own-integrity-'))
const state = await stateMemory().create({ log: () => undefined })
const service = await createTrackerService({ state })
const peer = async (name: string): ReturnType<typeof createShoal> => {
  const shoal = await createShoal({ tracker: trackerLocal({ service }), use: [transportMemory(), sha512256()] })
  await shoal.createUser(name, 'secret')
  await shoal.login(name, 'secret')
  return shoal
}
const [alice, bob] = await Promise.all([peer('alice'), peer('bob')])
await alice.createGroup('friends', { admission: 'open' })
await bob.joinGroup('friends')

await writeFile(join(folder, 'abc'), 'abc')
const { scheme, root } = await alice.share(join(folder, 'abc'), 'friends', { integrity: algorithm })
await (await bob.download('friends', 'abc', `${folder}/fetched/`)).finished
process.stdout.write(`${scheme} ${root}\n`)

await Promise.all([alice.stop(), bob.stop()])
await service.stop()
await rm(folder, { recursive: true })
