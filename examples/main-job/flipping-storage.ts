/**
 * A storage plugin, given by path, that flips one byte of what is read for sending: a block that is wrong on the wire, though its link is sound. Everything
 * else is the storage of files as it is.
 */
import { definePlugin } from 'shoal/plugin'
import file from 'shoal/plugins/storage-file'

export default definePlugin('storage', 'flipping', async ({ after = 0 }: { /** So many bytes are read before one is spoiled. */ after?: number }, context) => {
  const storage = await file().create(context)
  let sentBytes = 0
  let flipped = false
  return {
    async open (manifest, place, signal) {
      const store = await storage.open(manifest, place, signal)
      return {
        have: () => store.have(),
        reserve: () => store.reserve(),
        async read (piece, offset, length) {
          const bytes = await store.read(piece, offset, length)
          sentBytes += length
          if (!flipped && sentBytes > after && bytes[0] !== undefined) {
            flipped = true
            bytes[0] ^= 1
            context.log(`flipped a bit of piece ${piece} at ${offset}`)
          }
          return bytes
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
