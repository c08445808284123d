/** Plugins that are given to createShoal in code are checked like those that are named: before anything is made. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createShoal } from 'shoal'
import sequential from 'shoal/plugins/selector-sequential'
import type { Plugin } from 'shoal'
import stateMemory from 'shoal/plugins/state-memory'
import trackerHttp from 'shoal/plugins/tracker-http'

const tracker = trackerHttp({ where: { host: '127.0.0.1', port: 1 } })
const refused = async (use: readonly unknown[], given: Plugin<'tracker'> = tracker): Promise<unknown> => {
  const home = join(mkdtempSync(join(tmpdir(), 'shoal-use-')), 'home')
  onTestFinished(() => { rmSync(join(home, '..'), { recursive: true }) })
  const error: unknown = await createShoal({ home, tracker: given, use: use as readonly Plugin[], listen: { host: '127.0.0.1', port: 0 } })
    .then(async shoal => { await shoal.stop(); return undefined }, (reason: unknown) => reason)
  return { error, made: existsSync(home) }
}

describe('a plugin in code', () => {
  it.each([[2, 'Update Shoal'], [0, 'Update the plugin'], [undefined, 'Update the plugin'], ['1', 'Update the plugin']])('made for version %j of its contract is refused by name, with what to do', async (version, remedy) => {
    const other = { ...sequential(), shoal: version }
    expect(await refused([other])).toMatchObject({ made: false, error: { code: 'PLUGIN_VERSION', message: expect.stringMatching(new RegExp(`selector plugin "sequential".*version ${String(version)} of the selector contract.*${remedy}`)) as string } })
  })

  it('that is a factory, or nothing of the kind, is refused with what to give', async () => {
    for (const wrong of [sequential, {}, { ...sequential(), kind: 'colour' }, { kind: 'selector', name: 'x', shoal: 1 }]) {
      expect(await refused([stateMemory(), wrong])).toMatchObject({ made: false, error: { code: 'PLUGIN_SHAPE', message: expect.stringContaining('sequential()') as string } })
    }
  })

  it('is checked too when it is the tracker', async () => {
    expect(await refused([stateMemory()], { ...tracker, shoal: 7 })).toMatchObject({ error: { code: 'PLUGIN_VERSION', message: expect.stringContaining('version 7 of the tracker contract') as string } })
  })
})
