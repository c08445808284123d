import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { memoryState } from '../../plugins/state-memory/index.ts'
import { sqliteState } from '../../plugins/state-sqlite/index.ts'
import plugin, { localTracker } from '../../plugins/tracker-local/index.ts'
import type { State } from '../../src/contract/index.ts'
import { generateKey } from '../../src/keys/ed25519.ts'
import { runSuite } from '../../src/testing/suite.ts'
import type { Subject } from '../../src/testing/suite.ts'
import { trackerSuite } from '../../src/testing/tracker.ts'
import type { TrackerRealm } from '../../src/testing/tracker.ts'
import { createTrackerService } from '../../src/tracker/index.ts'
import { cheapPasswords, trackerRealm } from '../tracker/signers.ts'

const over = async (state: State, clean?: () => Promise<void>): Promise<Subject<TrackerRealm>> => {
  const service = await createTrackerService({ state, passwordCost: cheapPasswords })
  return {
    subject: trackerRealm(() => localTracker({ service })),
    async release () {
      await service.stop()
      await state.stop()
      await clean?.()
    }
  }
}

runSuite('tracker local over state memory', trackerSuite, async () => await over(memoryState()))

runSuite('tracker local over state sqlite', trackerSuite, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-tracker-'))
  return await over(await sqliteState({ path: join(folder, 'state.sqlite') }), async () => { await rm(folder, { recursive: true }) })
})

describe('tracker local', () => {
  it('is a plugin of its folder\'s name and kind', () => {
    expect([plugin.kind, plugin.pluginName]).toEqual(['tracker', 'local'])
  })

  it('says what it needs', async () => {
    const state = memoryState()
    const service = await createTrackerService({ state })
    await expect(plugin().create({ log: () => undefined })).rejects.toMatchObject({ code: 'BAD_OPTION' })
    const options = { service, port: 1 }
    await expect(plugin(options).create({ log: () => undefined })).rejects.toMatchObject({ code: 'BAD_OPTION' })
    await service.stop()
  })

  it('takes names however they are composed', async () => {
    const service = await createTrackerService({ state: memoryState(), passwordCost: cheapPasswords })
    const tracker = localTracker({ service })
    await tracker.register('Zoe\u0301', 'x')
    await expect(tracker.register('Zo\u00e9', 'x')).rejects.toMatchObject({ code: 'USER_EXISTS' })
    expect((await tracker.login('Zoe\u0301', 'x', await generateKey())).user).toBe('Zo\u00e9')
    await service.stop()
  })

  it('does nothing once aborted', async () => {
    const service = await createTrackerService({ state: memoryState(), passwordCost: cheapPasswords })
    const tracker = localTracker({ service })
    const aborted = AbortSignal.abort()
    await expect(tracker.register('alice', 'x', aborted)).rejects.toBe(aborted.reason)
    await tracker.register('alice', 'x')
    await expect(tracker.login('alice', 'x', await generateKey(), aborted)).rejects.toBe(aborted.reason)
    const session = await tracker.login('alice', 'x', await generateKey())
    await expect(session.groups({ signal: aborted })).rejects.toBe(aborted.reason)
    await service.stop()
  })
})
