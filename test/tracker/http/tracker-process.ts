/** A tracker to be killed: `tracker-process.ts FOLDER PORT` serves until then, with cheap passwords, and prints its address when it listens. */
import { join } from 'node:path'
import { sqliteState } from '../../../plugins/state-sqlite/index.ts'
import { serveTracker } from '../../../src/tracker/http/index.ts'
import { createTrackerService } from '../../../src/tracker/index.ts'

const [folder = '', port = '0'] = process.argv.slice(2)
const service = await createTrackerService({ state: await sqliteState({ path: join(folder, 'state.sqlite') }), passwordCost: { memoryKiB: 8, passes: 1, lanes: 1 } })
const served = await serveTracker({ service, host: '127.0.0.1', port: Number(port), stateFolder: folder, log: line => { process.stderr.write(`${line}\n`) } })
process.stdout.write(`${served.address.port} ${service.realm.pin}\n`)
