/** What every Storage must do with downloads. Owns no crash and no disk error: those are shown where a process and a disk can be made to fail. */
import assert from 'node:assert/strict'
import { bitfield, pieceBytes, pieceCount } from '../contract/index.ts'
import type { PieceIndex } from '../contract/index.ts'
import { contentOf, everyPiece, layouts, manifestOf, pieceOf, seeded } from './contents.ts'
import { sameBytes } from './same-bytes.ts'
import { storagePlaceSuite } from './storage-places.ts'
import { many, open, refused, sureOf, writePieces } from './storage-world.ts'
import type { StorageWorld } from './storage-world.ts'
import type { SuiteCase } from './suite.ts'

export type { StorageWorld } from './storage-world.ts'

const shuffled = (pieces: readonly PieceIndex[], seed: number): readonly PieceIndex[] => {
  const random = seeded(seed)
  return pieces.map(piece => ({ piece, at: random() })).sort((a, b) => a.at - b.at).map(({ piece }) => piece)
}

export const storageSuite: readonly SuiteCase<StorageWorld>[] = [
  { name: 'pieces written in any order are read back and make the file, whatever its size',
    async run ({ restart, folder, files }) {
      const storage = await restart()
      for (const layout of layouts()) {
        const content = contentOf(layout.length)
        const name = `${layout.length} bytes`
        const store = await open(storage, manifestOf(layout), { folder, name })
        await store.reserve()
        const written = new Set<PieceIndex>()
        for (const piece of shuffled(everyPiece(layout), layout.length)) {
          await writePieces(store, manifestOf(layout), content, [piece])
          written.add(piece)
          assert.deepEqual(new Set(sureOf(store, layout)), written, name)
        }
        for (const piece of everyPiece(layout)) {
          sameBytes(await store.read(piece, 0, pieceBytes(layout, piece)), pieceOf(layout, content, piece), `piece ${piece} of ${name}`)
        }
        sameBytes(await files.get(`${folder}/${name}`), undefined, 'the file before it is finished')
        const path = await store.finish()
        assert.equal(path, `${folder}/${name}`)
        sameBytes(await files.get(path), content, name)
        await store.close()
      }
    } },
  { name: 'a new store has nothing, also when space is reserved for it, and says so in bitfields of its size',
    async run ({ restart, folder }) {
      const storage = await restart()
      for (const layout of layouts()) {
        const store = await open(storage, manifestOf(layout), { folder, name: `${layout.length}` })
        await store.reserve()
        await store.reserve()
        const nothing = bitfield(pieceCount(layout)).bytes()
        assert.deepEqual(store.have(), { sure: nothing, doubtful: nothing })
        sameBytes(await store.hashes(), undefined)
        await store.discard()
      }
    } },
  { name: 'any range of a piece that is had is read, and belongs to the reader',
    async run ({ restart, folder }) {
      const content = contentOf(many.length)
      const store = await open(await restart(), manifestOf(many), { folder, name: 'a' })
      await writePieces(store, manifestOf(many), content, everyPiece(many))
      const random = seeded(3)
      for (let round = 0; round < 60; round++) {
        const piece = Math.floor(random() * pieceCount(many))
        const size = pieceBytes(many, piece)
        const offset = Math.floor(random() * (size + 1))
        const length = Math.floor(random() * (size - offset + 1))
        const expected = pieceOf(many, content, piece).subarray(offset, offset + length)
        const bytes = await store.read(piece, offset, length)
        sameBytes(bytes, expected, `${length} bytes at ${offset} of piece ${piece}`)
        bytes.fill(0xee)
        sameBytes(await store.read(piece, offset, length), expected, 'after the first reader wrote into its bytes')
      }
      await store.close()
    } },
  { name: 'the parts of a write may be used again when it returned',
    async run ({ restart, folder }) {
      const content = contentOf(many.length)
      const store = await open(await restart(), manifestOf(many), { folder, name: 'a' })
      const buffer = pieceOf(many, content, 2).slice()
      await store.write(2, [buffer.subarray(0, 5), buffer.subarray(5)])
      buffer.fill(0xee)
      sameBytes(await store.read(2, 0, buffer.byteLength), pieceOf(many, content, 2))
      await store.close()
    } },
  { name: 'what is not had, lies outside its piece or is not a whole piece is not read and not written',
    async run ({ restart, folder }) {
      const content = contentOf(many.length)
      const store = await open(await restart(), manifestOf(many), { folder, name: 'a' })
      await store.reserve()
      await writePieces(store, manifestOf(many), content, [1])
      await refused(undefined, 'reading a piece that is not had', store.read(0, 0, 1))
      await refused(undefined, 'reading over the end of a piece', store.read(1, 1, many.pieceLength))
      await refused(undefined, 'reading before a piece', store.read(1, -1, 1))
      await refused(undefined, 'writing a part of a piece', store.write(3, [content.subarray(0, 100)]))
      await refused(undefined, 'writing more than a piece', store.write(3, [content.subarray(0, many.pieceLength + 1)]))
      await refused(undefined, 'writing beyond the last piece', store.write(pieceCount(many), [content.subarray(0, many.pieceLength)]))
      assert.deepEqual(sureOf(store, many), [1])
      await store.close()
    } },
  { name: 'the next process has what was had when the store was closed, and goes on from there',
    async run ({ restart, folder, files }) {
      for (const layout of layouts()) {
        const content = contentOf(layout.length)
        const place = { folder, name: `${layout.length}` }
        const pieces = shuffled(everyPiece(layout), 9)
        let store = await open(await restart(), manifestOf(layout), place)
        await store.reserve()
        for (const [count, piece] of pieces.entries()) {
          await writePieces(store, manifestOf(layout), content, [piece])
          await store.close()
          store = await open(await restart(), manifestOf(layout), place)
          assert.deepEqual(new Set(sureOf(store, layout)), new Set(pieces.slice(0, count + 1)))
          assert.deepEqual(store.have().doubtful, bitfield(pieceCount(layout)).bytes())
        }
        sameBytes(await files.get(await store.finish()), content)
        await store.close()
      }
    } },
  { name: 'another content at the same place starts from nothing',
    async run ({ restart, folder, files }) {
      const place = { folder, name: 'a' }
      const first = await open(await restart(), manifestOf(many), place)
      await writePieces(first, manifestOf(many), contentOf(many.length), [0, 1, 5])
      await first.close()
      const other = { ...manifestOf(many, 'cd'.repeat(32)), length: many.length - 5000 }
      const content = contentOf(other.length).reverse()
      const store = await open(await restart(), other, place)
      assert.deepEqual(sureOf(store, other), [])
      await writePieces(store, other, content, everyPiece(other))
      sameBytes(await files.get(await store.finish()), content)
      await store.close()
    } },
  { name: 'a forgotten piece is not had any more, by the next process neither, until it is written again',
    async run ({ restart, folder }) {
      const content = contentOf(many.length)
      const place = { folder, name: 'a' }
      let store = await open(await restart(), manifestOf(many), place)
      await writePieces(store, manifestOf(many), content, [0, 1, 2, 3])
      await store.forget(1)
      await store.forget(3)
      await store.forget(9)
      assert.deepEqual(sureOf(store, many), [0, 2])
      await writePieces(store, manifestOf(many), content, [3])
      await store.close()
      store = await open(await restart(), manifestOf(many), place)
      assert.deepEqual(sureOf(store, many), [0, 2, 3])
      await store.close()
    } },
  { name: 'many pieces written and read at the same time do not mix',
    async run ({ restart, folder, files }) {
      const storage = await restart()
      const contents = [contentOf(many.length), contentOf(many.length).reverse()]
      const paths = await Promise.all(contents.map(async (content, i) => {
        const manifest = manifestOf(many, `${i}a`.repeat(32))
        const store = await open(storage, manifest, { folder, name: `file ${i}` })
        await Promise.all(everyPiece(many).map(async piece => {
          await writePieces(store, manifest, content, [piece])
          const bytes = await store.read(piece, 0, pieceBytes(many, piece))
          sameBytes(bytes, pieceOf(many, content, piece))
        }))
        await Promise.all([store.flush(), store.flush()])
        const path = await store.finish()
        await store.close()
        return path
      }))
      for (const [i, path] of paths.entries()) sameBytes(await files.get(path), contents[i])
    } },
  { name: 'a piece may be written again, also at the same time',
    async run ({ restart, folder }) {
      const content = contentOf(many.length)
      const place = { folder, name: 'a' }
      const store = await open(await restart(), manifestOf(many), place)
      await Promise.all([0, 0, 0].map(async () => writePieces(store, manifestOf(many), content, [4, 5])))
      assert.deepEqual(sureOf(store, many), [4, 5])
      await store.close()
      const again = await open(await restart(), manifestOf(many), place)
      assert.deepEqual(sureOf(again, many), [4, 5])
      sameBytes(await again.read(4, 0, many.pieceLength), pieceOf(many, content, 4))
      await again.close()
    } },
  { name: 'a closed store does nothing any more, and may be closed again',
    async run ({ restart, folder }) {
      const content = contentOf(many.length)
      const store = await open(await restart(), manifestOf(many), { folder, name: 'a' })
      await writePieces(store, manifestOf(many), content, [0])
      await Promise.all([store.close(), store.close()])
      await store.close()
      await refused(undefined, 'a read', store.read(0, 0, 1))
      await refused(undefined, 'a write', store.write(1, [pieceOf(many, content, 1)]))
    } },
  ...storagePlaceSuite
]
