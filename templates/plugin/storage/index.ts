/** Keeps pieces, the files they become, and the record of which it has. As it stands: Shoal's own storage in files, which also says in the log what was finished. */
import { definePlugin } from 'shoal/plugin'
import storageFile from 'shoal/plugins/storage-file'
import type { FileStorageOptions } from 'shoal/plugins/storage-file'

export default definePlugin('storage', 'my-name', async (options: FileStorageOptions, context) => {
  const files = await storageFile(options).create(context)
  return {
    ...files,
    async open (manifest, place, signal) {
      const store = await files.open(manifest, place, signal)
      return {
        ...store,
        async finish () {
          const path = await store.finish()
          context.log(`finished ${path}, ${manifest.length} bytes`)
          return path
        }
      }
    }
  }
})
