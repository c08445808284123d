/** Storage plugins, written for `--storage PATH`, whose stores lie to those who ask; everything else is the storage of files. */
import { writeFileSync } from 'node:fs'
import type { World } from './world.ts'

const url = (path: string): string => JSON.stringify(new URL(`../../dist/${path}`, import.meta.url).href)

/** What `read` does. */
const reading = {
  poison: 'const bytes = await store.read(piece, offset, length); bytes.fill(7); return bytes',
  stall: 'return new Promise(() => {})',
  nothing: 'throw new ShoalError(\'STORAGE_FAILED\', \'There is nothing here. Look elsewhere.\')'
} as const

/** @returns the path of the plugin */
export const lyingStorage = (world: World, lie: keyof typeof reading): string => {
  const path = world.path(`${lie}.mjs`)
  writeFileSync(path, `
    import { definePlugin, ShoalError } from ${url('plugin.js')}
    import file from ${url('plugins/storage-file/index.js')}
    export default definePlugin('storage', 'lying', async (_, context) => {
      const storage = await file().create(context)
      return {
        async open (...given) {
          const store = await storage.open(...given)
          return new Proxy(store, { get: (target, name) => name === 'read'
            ? async (piece, offset, length) => { ${reading[lie]} }
            : typeof target[name] === 'function' ? target[name].bind(target) : target[name] })
        }
      }
    })`)
  return path
}
