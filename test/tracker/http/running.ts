/** A tracker on HTTPS for tests: a service over a state in memory, on a free port, with a folder of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { httpTracker } from '../../../plugins/tracker-http/index.ts'
import type { HttpTrackerOptions } from '../../../plugins/tracker-http/index.ts'
import { memoryState } from '../../../plugins/state-memory/index.ts'
import type { Tracker, TrackerService } from '../../../src/contract/index.ts'
import { serveTracker } from '../../../src/tracker/http/index.ts'
import type { Served, ServeOptions } from '../../../src/tracker/http/index.ts'
import { createTrackerService } from '../../../src/tracker/index.ts'
import { cheapPasswords } from '../signers.ts'

export interface RunningTracker {
  readonly service: TrackerService
  readonly served: Served
  readonly folder: string
  /** Lines that were logged. */
  readonly log: readonly string[]
  /** A client of its own, stopped with the tracker. */
  readonly client: (options?: Partial<HttpTrackerOptions>) => Promise<Tracker>
  /** Another server over the same service: on the same port and folder, unless it is said otherwise. */
  readonly serve: (options?: Partial<ServeOptions>) => Promise<Served>
  readonly stop: () => Promise<void>
}

/** @param wrap what is served instead of the service */
export const startTracker = async ({ wrap = service => service, ...options }: Partial<ServeOptions> & { readonly wrap?: (service: TrackerService) => TrackerService } = {}): Promise<RunningTracker> => {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-http-'))
  const state = memoryState()
  const inner = await createTrackerService({ state, passwordCost: cheapPasswords })
  const service = wrap(inner)
  const log: string[] = []
  const all: Served[] = []
  const clients: Tracker[] = []
  const serve = async (more: Partial<ServeOptions> = {}): Promise<Served> => {
    const served = await serveTracker({ service, host: '127.0.0.1', port: all[0]?.address.port ?? 0, stateFolder: folder, log: line => { log.push(line) }, ...options, ...more })
    all.push(served)
    return served
  }
  const served = await serve()
  return {
    service, served, folder, log, serve,
    async client (more) {
      const client = await httpTracker({ where: served.address, pin: service.realm.pin, ...more })
      clients.push(client)
      return client
    },
    async stop () {
      for (const client of clients) await client.stop()
      for (const one of all) await one.stop()
      await inner.stop()
      await state.stop()
      await rm(folder, { recursive: true })
    }
  }
}
