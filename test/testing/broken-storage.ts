/** Storages that break the contract, each in one way: the suite must notice every one. */
import { concatBytes, fullBitfield, pieceBytes, pieceCount } from 'shoal/plugin'
import type { Manifest, Place, Storage, Store } from 'shoal/plugin'
import { faults } from 'shoal/testing'
import type { StorageWorld, Subject } from 'shoal/testing'
import { memoryStorage } from '../../plugins/storage-memory/index.ts'

interface Broken { readonly storage: Storage, readonly files: Map<string, Uint8Array> }
type BreakStore = (store: Store, manifest: Manifest, place: Place, files: Map<string, Uint8Array>) => Partial<Store>

const eachStore = (change: BreakStore) => ({ storage, files }: Broken): Storage => ({
  async open (manifest, place, signal) {
    const store = await storage.open(manifest, place, signal)
    return { ...store, ...change(store, manifest, place, files) }
  }
})

const opening = (change: (storage: Storage, files: Map<string, Uint8Array>) => Storage['open']) => ({ storage, files }: Broken): Storage => ({ open: change(storage, files) })

/** Each fault, and a part of the name of a case that must notice it. */
export const breaks: Readonly<Record<string, { readonly noticed: string, readonly broken: (inner: Broken) => Storage }>> = {
  'a byte of every read is wrong': { noticed: 'whatever its size', broken: ({ storage }) => faults.stores(storage, store => faults.corrupting(store, 'every')) },
  'only the first part of a piece is written': {
    noticed: 'whatever its size',
    broken: eachStore((store, manifest) => ({
      async write (piece, parts) { return store.write(piece, [concatBytes(parts[0] ?? new Uint8Array(), new Uint8Array(pieceBytes(manifest, piece))).subarray(0, pieceBytes(manifest, piece))]) }
    }))
  },
  'everything is said to be had': { noticed: 'a new store has nothing', broken: eachStore((_store, manifest) => ({ have: () => ({ sure: fullBitfield(pieceCount(manifest)).bytes(), doubtful: new Uint8Array() }) })) },
  'the same bytes are given to two readers': {
    noticed: 'belongs to the reader',
    broken: eachStore(store => {
      const given = new Map<string, Uint8Array>()
      return {
        async read (piece, offset, length) {
          const key = [piece, offset, length].join()
          const bytes = given.get(key) ?? await store.read(piece, offset, length)
          given.set(key, bytes)
          return bytes
        }
      }
    })
  },
  'parts are kept and looked at later': {
    noticed: 'parts of a write may be used again',
    broken: eachStore(store => {
      const later = new Map<number, readonly Uint8Array[]>()
      return {
        async write (piece, parts) {
          await store.write(piece, parts)
          later.set(piece, parts)
        },
        async read (piece, offset, length) {
          const parts = later.get(piece)
          return parts === undefined ? store.read(piece, offset, length) : concatBytes(...parts).slice(offset, offset + length)
        }
      }
    })
  },
  'what is not had is read as zeros': {
    noticed: 'what is not had',
    broken: eachStore(store => ({ read: async (piece, offset, length) => store.read(piece, offset, length).catch(() => new Uint8Array(length)) }))
  },
  'closing forgets': { noticed: 'the next process has', broken: eachStore(store => ({ close: async () => store.discard() })) },
  'any content is taken for what was begun': {
    noticed: 'another content at the same place',
    broken: opening(storage => async (manifest, place, signal) => {
      const store = await storage.open('folder' in place && manifest.root.startsWith('cd') ? { ...manifest, root: 'ab'.repeat(32), length: manifest.length + 5000 } : manifest, place, signal)
      return store
    })
  },
  'forgetting is forgotten': { noticed: 'a forgotten piece', broken: eachStore(() => ({ forget: async () => Promise.resolve() })) },
  'a write that is under way makes others wait for ever': {
    noticed: 'at the same time do not mix',
    broken: eachStore(store => {
      let busy = false
      return {
        async write (piece, parts) {
          if (busy) throw new Error('Busy.')
          busy = true
          await Promise.resolve()
          await store.write(piece, parts)
          busy = false
        }
      }
    })
  },
  'a closed store goes on': { noticed: 'does nothing any more', broken: eachStore(() => ({ close: async () => Promise.resolve() })) },
  'finish can be said only once': {
    noticed: 'once or many times',
    broken: eachStore(store => {
      let said = false
      return {
        async finish () {
          if (said) throw new Error('Finished already.')
          said = true
          return store.finish()
        }
      }
    })
  },
  'what is missing is filled with zeros at the end': {
    noticed: 'misses a piece',
    broken: eachStore((store, manifest) => ({
      async finish () {
        return store.finish().catch(async () => {
          await store.write(0, [new Uint8Array(pieceBytes(manifest, 0))])
          return store.finish()
        })
      }
    }))
  },
  'a file is replaced at the end': {
    noticed: 'no file is replaced',
    broken: eachStore((store, _manifest, place, files) => ({
      async finish () {
        if ('folder' in place) files.delete(`${place.folder}/${place.name}`)
        return store.finish()
      }
    }))
  },
  'a file in the way costs the download': {
    noticed: 'which has every piece',
    broken: eachStore(store => ({
      finish: async () => store.finish().catch(async (error: unknown) => {
        await store.discard()
        throw error
      })
    }))
  },
  'overwriting begins at once': {
    noticed: 'not before the end',
    broken: opening((storage, files) => async (manifest, place, signal) => {
      if ('folder' in place && place.overwrite === true) files.delete(`${place.folder}/${place.name}`)
      return storage.open(manifest, place, signal)
    })
  },
  'discard keeps the pieces': { noticed: 'discard leaves nothing', broken: eachStore(store => ({ discard: async () => store.close() })) },
  'discard removes the finished file': {
    noticed: 'discard of a finished download',
    broken: eachStore((store, _manifest, place, files) => ({
      async discard () {
        await store.discard()
        if ('folder' in place) files.delete(`${place.folder}/${place.name}`)
      }
    }))
  },
  'a foreign partial file is taken over': {
    noticed: 'a foreign file where',
    broken: opening((storage, files) => async (manifest, place, signal) => {
      if ('folder' in place) files.delete(`${place.folder}/${place.name}.part`)
      return storage.open(manifest, place, signal)
    })
  },
  'long names are cut': {
    noticed: 'names in any script',
    broken: opening(storage => async (manifest, place, signal) => storage.open(manifest, 'folder' in place ? { ...place, name: place.name.slice(0, 60) } : place, signal))
  },
  'bad names are repaired in silence': {
    noticed: 'would leave its folder',
    broken: opening(storage => async (manifest, place, signal) =>
      storage.open(manifest, 'folder' in place ? { ...place, name: `x${place.name.replace(/[/\\\p{Cc}]/gu, '_')}` } : place, signal))
  },
  'signals are not looked at': { noticed: 'an aborted open', broken: opening(storage => async (manifest, place) => storage.open(manifest, place, new AbortController().signal)) },
  'shared files can be written': { noticed: 'a shared file is had whole', broken: eachStore((_store, _manifest, place) => 'existing' in place ? { write: async () => Promise.resolve() } : {}) },
  'a changed file is read on': {
    noticed: 'changes while it is shared',
    broken: eachStore((store, _manifest, place, files) => {
      const file = 'existing' in place ? files.get(place.existing) : undefined
      return file === undefined ? {} : { read: async (_piece, offset, length) => Promise.resolve(file.slice(offset, offset + length)) }
    })
  },
  'a finished store is closed': {
    noticed: 'read on until it is closed',
    broken: eachStore(store => ({
      async finish () {
        const path = await store.finish()
        await store.close()
        return path
      }
    }))
  },
  'a page of hashes replaces the others': {
    noticed: 'piece hashes are kept by page',
    broken: eachStore(store => ({
      async writeHashes (at, bytes, total) {
        await store.writeHashes(0, new Uint8Array(total), total)
        await store.writeHashes(at, bytes, total)
      }
    }))
  },
  'hashes of all contents are kept in one place': {
    noticed: 'mistaken for that of another',
    broken: opening(storage => {
      let kept: Uint8Array | undefined
      return async (manifest, place, signal) => ({
        ...await storage.open(manifest, place, signal),
        hashes: async () => Promise.resolve(kept),
        async writeHashes (_at, bytes) {
          kept = bytes
          return Promise.resolve()
        }
      })
    })
  }
}

export const brokenWorld = (broken: (inner: Broken) => Storage): Subject<StorageWorld> => {
  const files = new Map<string, Uint8Array>()
  const storage = broken({ storage: memoryStorage({ files }), files })
  return {
    subject: {
      restart: async () => Promise.resolve(storage),
      folder: '/downloads',
      files: {
        async put (path, bytes) { files.set(path, bytes); return Promise.resolve() },
        get: async path => Promise.resolve(files.get(path)),
        async remove (path) { files.delete(path); return Promise.resolve() }
      }
    }
  }
}
