/** The whole path inside one process, for transports that do not leave it: a tracker and two peers as a library. */
import { createShoal, createTrackerService } from 'shoal'
import { loadPlugin } from 'shoal'
import fileStorage from 'shoal/plugins/storage-file'
import memoryState from 'shoal/plugins/state-memory'
import localTracker from 'shoal/plugins/tracker-local'
import type { RoleOptions, Stage } from '../role.ts'
import { textOf } from './options.ts'

/** Options: transport, file, folder, copy. Fetches at a line of input, and says how many bytes came. */
export const play = async (options: RoleOptions, { say, cue }: Stage): Promise<void> => {
  const service = await createTrackerService({ state: await memoryState().create({ log () { /* nothing to tell */ } }) })
  const peer = async (user: string): ReturnType<typeof createShoal> => {
    const shoal = await createShoal({
      home: `${textOf(options, 'folder')}/${user}`, tracker: localTracker({ service }),
      use: [await loadPlugin('transport', textOf(options, 'transport')), fileStorage()], listen: { host: '127.0.0.1', port: 0 }
    })
    await shoal.createUser(user, 'a password of the benchmarks')
    await shoal.login(user, 'a password of the benchmarks')
    return shoal
  }
  const [sharer, fetcher] = await Promise.all([peer('sharer'), peer('fetcher')])
  await sharer.createGroup('bench')
  await fetcher.joinGroup('bench')
  await sharer.acceptRequest('bench', 'fetcher')
  await sharer.share(textOf(options, 'file'), 'bench', { name: 'file' })
  say({ ready: true })
  while (await cue() !== undefined) {
    const download = await fetcher.download('bench', 'file', textOf(options, 'copy'))
    await download.finished
    say({ bytes: download.status().fetchedBytes })
  }
  await Promise.all([fetcher.stop(), sharer.stop()])
}
