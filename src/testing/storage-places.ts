/** What every Storage must do about places: names, files in the way, the end of a download, shared files, kept hashes. storage.ts is the whole suite. */
import assert from 'node:assert/strict'
import { hashPage, leafBytes, pieceBytes, pieceCount } from '../contract/index.ts'
import type { Manifest, Storage } from '../contract/index.ts'
import { contentOf, everyPiece, layouts, manifestOf, pieceOf } from './contents.ts'
import { sameBytes } from './same-bytes.ts'
import { many, never, open, refused, sureOf, writePieces } from './storage-world.ts'
import type { StorageWorld } from './storage-world.ts'
import type { SuiteCase } from './suite.ts'

const manifest = (): Manifest => manifestOf(many)

/** Downloads everything to a place and closes it. */
const fetched = async (storage: Storage, folder: string, name: string, content = contentOf(many.length), overwrite = false): Promise<string> => {
  const store = await open(storage, manifest(), { folder, name, overwrite })
  await writePieces(store, manifest(), content, everyPiece(many))
  const path = await store.finish()
  await store.close()
  return path
}

const holds = async ({ files }: StorageWorld, path: string, content: Uint8Array | undefined, what = path): Promise<void> => {
  const found = await files.get(path)
  sameBytes(found, content, what)
}

const theirs = new TextEncoder().encode('somebody else wrote this')

/** 255 bytes of UTF-8 each: a name in any script may be as long as that. */
const longNames = ['x'.repeat(255), 'é'.repeat(127) + 'x', '語'.repeat(85), '🌊'.repeat(63) + 'abc', `${'語'.repeat(84)}abc`]

export const storagePlaceSuite: readonly SuiteCase<StorageWorld>[] = [
  { name: 'finish is said once or many times, and always gives the path',
    async run ({ restart, folder }) {
      const store = await open(await restart(), manifest(), { folder, name: 'a' })
      await writePieces(store, manifest(), contentOf(many.length), everyPiece(many))
      const paths = await Promise.all([store.finish(), store.finish()])
      assert.deepEqual([...paths, await store.finish()], Array.from({ length: 3 }, () => `${folder}/a`))
      await store.close()
    } },
  { name: 'a download that misses a piece is not finished',
    async run (world) {
      const { restart, folder } = world
      const store = await open(await restart(), manifest(), { folder, name: 'a' })
      await writePieces(store, manifest(), contentOf(many.length), everyPiece(many).slice(1))
      await refused(undefined, 'finishing', store.finish())
      await holds(world, `${folder}/a`, undefined)
      await store.close()
    } },
  { name: 'no file is replaced: one that is there at open, or came meanwhile, ends in FILE_EXISTS, and finish can be tried again',
    async run (world) {
      const { restart, folder, files } = world
      const storage = await restart()
      await files.put(`${folder}/there`, theirs)
      await refused('FILE_EXISTS', 'opening', open(storage, manifest(), { folder, name: 'there' }))
      await holds(world, `${folder}/there`, theirs)

      const store = await open(storage, manifest(), { folder, name: 'meanwhile' })
      await writePieces(store, manifest(), contentOf(many.length), everyPiece(many))
      await files.put(`${folder}/meanwhile`, theirs)
      await refused('FILE_EXISTS', 'finishing', store.finish())
      await refused('FILE_EXISTS', 'finishing again', store.finish())
      await holds(world, `${folder}/meanwhile`, theirs)
      assert.equal(sureOf(store, many).length, pieceCount(many), 'nothing is lost by it')
      await files.remove(`${folder}/meanwhile`)
      await holds(world, await store.finish(), contentOf(many.length))
      await store.close()
    } },
  { name: 'a file that was in the way is still in the way of the next process, which has every piece',
    async run (world) {
      const { restart, folder, files } = world
      const store = await open(await restart(), manifest(), { folder, name: 'a' })
      await writePieces(store, manifest(), contentOf(many.length), everyPiece(many))
      await files.put(`${folder}/a`, theirs)
      await refused('FILE_EXISTS', 'finishing', store.finish())
      await store.close()
      const storage = await restart()
      await refused('FILE_EXISTS', 'opening', open(storage, manifest(), { folder, name: 'a' }))
      await files.remove(`${folder}/a`)
      const again = await open(storage, manifest(), { folder, name: 'a' })
      assert.equal(sureOf(again, many).length, pieceCount(many))
      await holds(world, await again.finish(), contentOf(many.length))
      await again.close()
    } },
  { name: 'overwrite replaces a file, but not before the end',
    async run (world) {
      const { restart, folder, files } = world
      const storage = await restart()
      await files.put(`${folder}/a`, theirs)
      const store = await open(storage, manifest(), { folder, name: 'a', overwrite: true })
      await writePieces(store, manifest(), contentOf(many.length), everyPiece(many))
      await holds(world, `${folder}/a`, theirs)
      await holds(world, await store.finish(), contentOf(many.length))
      await store.close()
    } },
  { name: 'discard leaves nothing of a download, and every file that is not its own',
    async run (world) {
      const { restart, folder, files } = world
      const place = { folder, name: 'a' }
      const storage = await restart()
      const store = await open(storage, manifest(), place)
      await writePieces(store, manifest(), contentOf(many.length), [0, 1, 2])
      await files.put(`${folder}/a`, theirs)
      await store.discard()
      await store.discard()
      await holds(world, `${folder}/a`, theirs)
      await holds(world, `${folder}/a.part`, undefined)
      await files.remove(`${folder}/a`)
      const again = await open(await restart(), manifest(), place)
      assert.deepEqual(sureOf(again, many), [])
      await again.close()
      await again.discard()
      await holds(world, `${folder}/a.part`, undefined, 'discarded after it was closed')
    } },
  { name: 'discard of a finished download leaves the file',
    async run (world) {
      const { restart, folder } = world
      const store = await open(await restart(), manifest(), { folder, name: 'a' })
      await writePieces(store, manifest(), contentOf(many.length), everyPiece(many))
      const path = await store.finish()
      await store.discard()
      await holds(world, path, contentOf(many.length))
    } },
  { name: 'a foreign file where the partial file would be is not touched',
    async run (world) {
      const { restart, folder, files } = world
      await files.put(`${folder}/a.part`, theirs)
      const place = { folder, name: 'a' }
      const store = await open(await restart(), manifest(), place)
      await writePieces(store, manifest(), contentOf(many.length), [0, 3])
      await holds(world, `${folder}/a.part`, theirs)
      await store.close()
      const again = await open(await restart(), manifest(), place)
      assert.deepEqual(sureOf(again, many), [0, 3])
      await writePieces(again, manifest(), contentOf(many.length), everyPiece(many))
      await holds(world, await again.finish(), contentOf(many.length))
      await again.close()
      await holds(world, `${folder}/a.part`, theirs)
    } },
  { name: 'names in any script, of up to 255 bytes, are saved as they are',
    async run (world) {
      const { restart, folder } = world
      const storage = await restart()
      const names = ['a b', 'ñandú.txt', '-rf', '.hidden', '...', 'a\'b"c$d', 'עברית', 'ไทย', 'a.part', ...longNames]
      const stores = await Promise.all(names.map(async name => open(storage, manifest(), { folder, name })))
      for (const [i, store] of stores.entries()) await writePieces(store, manifest(), contentOf(many.length), [i % pieceCount(many)])
      for (const [i, store] of stores.entries()) assert.deepEqual(sureOf(store, many), [i % pieceCount(many)], names[i])
      for (const [i, store] of stores.entries()) {
        await writePieces(store, manifest(), contentOf(many.length), everyPiece(many))
        assert.equal(await store.finish(), `${folder}/${names[i] ?? ''}`)
        await store.close()
      }
      for (const name of names) await holds(world, `${folder}/${name}`, contentOf(many.length))
    } },
  { name: 'a name that would leave its folder or cannot be shown is refused',
    async run ({ restart, folder }) {
      const storage = await restart()
      for (const name of ['', '.', '..', '../a', 'a/b', '/a', 'a\\b', 'a\u0000b', 'a\nb', '\u001b[2J', 'a\u009bb', '\u007f']) {
        await refused('STORAGE_FAILED', JSON.stringify(name), open(storage, manifest(), { folder, name }))
      }
    } },
  { name: 'an aborted open gives the reason, makes nothing, and can be done again',
    async run (world) {
      const { restart, folder } = world
      const storage = await restart()
      const reason = new Error('no longer wanted')
      await assert.rejects(storage.open(manifest(), { folder, name: 'a' }, AbortSignal.abort(reason)), (error: unknown) => error === reason)
      await holds(world, `${folder}/a.part`, undefined)
      const abort = new AbortController()
      const opening = storage.open(manifest(), { folder, name: 'a' }, abort.signal)
      abort.abort(reason)
      const store = await opening.catch((error: unknown) => {
        assert.equal(error, reason)
        return undefined
      })
      await store?.close()
      await holds(world, await fetched(storage, folder, 'a'), contentOf(many.length))
    } },
  { name: 'a shared file is had whole, read where it lies and never written',
    async run (world) {
      const { restart, folder, files } = world
      const storage = await restart()
      for (const layout of layouts()) {
        const content = contentOf(layout.length)
        const path = `${folder}/shared ${layout.length}`
        await files.put(path, content)
        const store = await open(storage, manifestOf(layout), { existing: path })
        await store.reserve()
        assert.deepEqual(sureOf(store, layout), everyPiece(layout))
        for (const piece of everyPiece(layout)) {
          const size = pieceBytes(layout, piece)
          sameBytes(await store.read(piece, 0, size), pieceOf(layout, content, piece))
          sameBytes(await store.read(piece, size - 1, 1), pieceOf(layout, content, piece).subarray(-1))
          await refused(undefined, 'a write', store.write(piece, [pieceOf(layout, content, piece)]))
          await refused(undefined, 'reading over the end', store.read(piece, 1, size))
        }
        assert.equal(await store.finish(), path)
        await store.discard()
        await store.close()
        await holds(world, path, content)
      }
    } },
  { name: 'a shared file that is gone, has another length or changes while it is shared is not read',
    async run ({ restart, folder, files }) {
      const storage = await restart()
      const path = `${folder}/shared`
      await refused('FILE_NOT_FOUND', 'a file that is not there', open(storage, manifest(), { existing: path }))
      await files.put(path, contentOf(many.length - 1))
      await refused('SOURCE_CHANGED', 'a file that is shorter', open(storage, manifest(), { existing: path }))
      for (const length of [many.length + 1, many.length - 1, 0]) {
        await files.put(path, contentOf(many.length))
        const store = await open(storage, manifest(), { existing: path })
        await store.read(0, 0, 100)
        await files.put(path, contentOf(length))
        await refused('SOURCE_CHANGED', `${length} bytes now`, store.read(0, 0, 100))
        await store.close()
      }
    } },
  { name: 'a finished download is read on until it is closed, and can be shared at once',
    async run ({ restart, folder }) {
      const storage = await restart()
      const content = contentOf(many.length)
      const store = await open(storage, manifest(), { folder, name: 'a' })
      await writePieces(store, manifest(), content, everyPiece(many))
      const path = await store.finish()
      const shared = await open(storage, manifest(), { existing: path })
      for (const from of [store, shared]) sameBytes(await from.read(1, 5, 100), pieceOf(many, content, 1).subarray(5, 105))
      await store.close()
      await shared.close()
    } },
  { name: 'piece hashes are kept by page, zeros where one is missing, for the next process and for the finished file',
    async run ({ restart, folder, files }) {
      const hashBytes = 20
      for (const pieces of [1, 5, hashPage, hashPage + 1, 3 * hashPage + 7]) {
        const large = manifestOf({ length: pieces * leafBytes - 9, pieceLength: leafBytes }, `${pieces % 10}b`.repeat(32))
        const all = Uint8Array.from({ length: pieces * hashBytes }, (_, i) => 1 + (i * 7 + (i >> 8)) % 255)
        const pageOf = (first: number): Uint8Array => all.subarray(first * hashBytes, (first + hashPage) * hashBytes)
        const place = { folder, name: `${pieces} pieces` }
        let store = await open(await restart(), large, place)
        sameBytes(await store.hashes(), undefined)
        const expected = new Uint8Array(all.byteLength)
        for (let page = Math.ceil(pieces / hashPage) - 1; page >= 0; page--) {
          const first = page * hashPage
          await store.writeHashes(first * hashBytes, pageOf(first), all.byteLength)
          expected.set(pageOf(first), first * hashBytes)
          sameBytes(await store.hashes(), expected, `${pieces} pieces, from page ${page} on`)
          await store.close()
          store = await open(await restart(), large, place)
          sameBytes(await store.hashes(), expected, `${pieces} pieces, from page ${page} on, in the next process`)
        }
        await store.close()
        const path = `${folder}/elsewhere ${pieces}`
        await files.put(path, contentOf(large.length))
        const shared = await open(await restart(), large, { existing: path })
        sameBytes(await shared.hashes(), all, 'by content, not by place')
        await shared.close()
      }
    } },
  { name: 'the whole layer of a shared file is kept at once, and not mistaken for that of another content',
    async run ({ restart, folder, files }) {
      const large = manifestOf({ length: (hashPage + 88) * leafBytes, pieceLength: leafBytes })
      const all = Uint8Array.from({ length: pieceCount(large) * 32 }, (_, i) => 1 + i % 255)
      const path = `${folder}/shared`
      await files.put(path, contentOf(large.length))
      const store = await open(await restart(), large, { existing: path })
      await store.writeHashes(0, all, all.byteLength)
      await store.flush()
      await store.close()
      const storage = await restart()
      const again = await open(storage, large, { existing: path })
      sameBytes(await again.hashes(), all)
      const other = await storage.open({ ...large, root: '12'.repeat(32) }, { existing: path }, never)
      sameBytes(await other.hashes(), undefined)
      await again.close()
      await other.close()
    } }
]
