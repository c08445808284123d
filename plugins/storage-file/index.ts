/** Storage in files: shares in place, downloads as `name.part` with a record that survives kills and power cuts. See README.md. */
import { definePlugin } from 'shoal/plugin'
import { fileStorage } from './storage.ts'
import type { FileStorageOptions } from './storage.ts'

export type { FileStorageOptions } from './storage.ts'
export { fileStorage } from './storage.ts'

export default definePlugin('storage', 'file', (options: FileStorageOptions, context) => fileStorage(options, context))
