import { createTrackerService } from 'shoal'
import stateMemory from 'shoal/plugins/state-memory'
import trackerLocal from 'shoal/plugins/tracker-local'
import { quiet, runPluginSuite } from 'shoal/testing'
import plugin from './index.ts'

/** A realm of its own for each fact; passwords are cheap to derive, for tests only. */
runPluginSuite(plugin, {
  async options () {
    const state = await stateMemory().create(quiet)
    const service = await createTrackerService({ state, passwordCost: { memoryKiB: 8, passes: 1, lanes: 1 } })
    return { subject: { behind: trackerLocal({ service }) }, release: async () => { await service.stop(); await state.stop() } }
  }
})
