import memory from 'shoal/plugins/state-memory'
import { runSuite, stateSuite } from 'shoal/testing'
import { openStates } from '../testing/open-states.ts'

runSuite('state-memory', stateSuite, () => openStates(options => memory(options).create({ log: () => { /* quiet */ } })))
