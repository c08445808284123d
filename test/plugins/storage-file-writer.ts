/**
 * A process to be killed: `storage-file-writer.ts HOME FOLDER` writes the pieces of a content that it has not, four at a time, and prints the number of each
 * when its write returned. Before that it prints what the store is sure of.
 */
import { bitfield, pieceCount } from '../../src/plugin.ts'
import { fileStorage } from '../../plugins/storage-file/index.ts'
import { contentOf, manifestOf, pieceOf } from '../../src/testing/contents.ts'

const [home = '', folder = '', length = '0'] = process.argv.slice(2)
const manifest = manifestOf({ length: Number(length), pieceLength: 65_536 })
const content = contentOf(manifest.length)
const storage = await fileStorage({}, { folder: home, log: () => { /* quiet */ } })
const store = await storage.open(manifest, { folder, name: 'file' }, new AbortController().signal)
await store.reserve()
const had = bitfield(pieceCount(manifest), store.have().sure)
process.stdout.write(`sure ${[...had].join(',')}\n`)
const missing = Array.from({ length: pieceCount(manifest) }, (_, piece) => piece).filter(piece => !had.has(piece)).reverse()
await Promise.all(Array.from({ length: 4 }, async () => {
  for (let piece = missing.pop(); piece !== undefined; piece = missing.pop()) {
    await store.write(piece, [pieceOf(manifest, content, piece)])
    process.stdout.write(`${piece}\n`)
  }
}))
process.stdout.write('all\n')
setInterval(() => { /* waits to be killed */ }, 1000)
