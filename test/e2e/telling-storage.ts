/** A storage plugin, given by path, that tells on standard error what is read for others and when: `read PIECE OFFSET LENGTH MOMENT`. The rest is the storage of files as it is. */
import { definePlugin } from 'shoal/plugin'
import file from 'shoal/plugins/storage-file'

export default definePlugin('storage', 'telling', async (_: object, context) => {
  const storage = await file().create(context)
  return {
    async open (manifest, place, signal) {
      const store = await storage.open(manifest, place, signal)
      return {
        have: () => store.have(),
        reserve: () => store.reserve(),
        read (piece, offset, length) {
          process.stderr.write(`read ${piece} ${offset} ${length} ${Date.now()}\n`)
          return store.read(piece, offset, length)
        },
        write: (piece, parts) => store.write(piece, parts),
        forget: piece => store.forget(piece),
        hashes: () => store.hashes(),
        writeHashes: (at, bytes, total) => store.writeHashes(at, bytes, total),
        flush: () => store.flush(),
        finish: () => store.finish(),
        discard: () => store.discard(),
        close: () => store.close()
      }
    }
  }
})
