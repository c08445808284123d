/** Real peers in this process, for tests of the shell: a tracker service in memory, links in memory, files in a folder that goes with the test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import stateMemory from 'shoal/plugins/state-memory'
import trackerLocal from 'shoal/plugins/tracker-local'
import transportMemory from 'shoal/plugins/transport-memory'
import type { Shoal } from '../../src/contract/index.ts'
import { createShoal } from '../../src/shoal.ts'
import { createTrackerService } from '../../src/tracker/index.ts'

export interface SmallWorld { readonly folder: string, /** @param name keeps its state in a folder; without one, in memory */ readonly peer: (name?: string) => Promise<Shoal> }

/** Cheap, so that a test is not spent on deriving keys. */
const passwordCost = { memoryKiB: 8, passes: 1, lanes: 1 }

export const smallWorld = async (): Promise<SmallWorld> => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-cli-'))
  const state = await stateMemory().create({ log: () => undefined })
  const service = await createTrackerService({ state, passwordCost })
  const peers: Shoal[] = []
  onTestFinished(async () => {
    await Promise.all(peers.map(peer => peer.stop()))
    await service.stop()
    await state.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    folder,
    peer: async name => {
      const peer = await createShoal({ ...name === undefined ? {} : { home: join(folder, name) }, tracker: trackerLocal({ service }), use: [transportMemory()] })
      peers.push(peer)
      return peer
    }
  }
}
