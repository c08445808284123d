import { definePlugin } from 'shoal/plugin'
import { createShoal } from 'shoal/browser'
import memoryState from 'shoal/plugins/state-memory'
import memoryStorage from 'shoal/plugins/storage-memory'
import { expect, it } from 'vitest'

const tracker = definePlugin('tracker', 'never', () => { throw new Error('It is not asked for.') })()

it('a peer in a browser says which plugin it misses', async () => {
  await expect(createShoal({ tracker, use: [] })).rejects.toMatchObject({ code: 'BAD_OPTION', message: expect.stringContaining('needs a state plugin') as string })
  await expect(createShoal({ tracker, use: [memoryState()] })).rejects.toMatchObject({ code: 'BAD_OPTION', message: expect.stringContaining('needs a storage plugin') as string })
})

it('a peer in a browser needs a storage that has files of its own', async () => {
  await expect(createShoal({ tracker, use: [memoryState(), memoryStorage()] })).rejects.toMatchObject({ code: 'BAD_OPTION', message: expect.stringContaining('no file system here') as string })
})
