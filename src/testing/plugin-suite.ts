/**
 * The suite of a plugin's kind, run on the plugin as its author exports it: one call for every kind. Owns no case and no surroundings: those are in the suites
 * and in subjects.ts. A plugin that needs other surroundings hands its subject to `runSuite` itself.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kind, Kinds, Plugin, PluginFactory } from '../contract/index.ts'
import { admissionSuite } from './admission.ts'
import { integritySuite } from './integrity.ts'
import { selectorSuite } from './selector.ts'
import { stateSuite } from './state.ts'
import { storageSuite } from './storage.ts'
import { quiet, realmSubject, stateSubject, storageSubject, subjectOf, transportSubject } from './subjects.ts'
import { runSuite } from './suite.ts'
import type { Subject } from './suite.ts'
import { trackerSuite } from './tracker.ts'
import { transportSuite } from './transport.ts'
import type { TransportLimits } from './transport.ts'

export interface PluginSuiteOptions<O extends object> {
  /** Options of the plugin; for a tracker, those that lead to a fresh realm. Made for each case, and released after it. @default none */
  readonly options?: () => Promise<Subject<O>> | Subject<O>
  /** Of a transport: what it cannot be held to, and why. */
  readonly cannot?: TransportLimits['cannot']
  /** Of a transport: an address at which somebody takes the connection and then says nothing, for ever. @default none: that is skipped */
  readonly silentAddress?: string
  /** Of a transport: starts a peer in a process of its own, to be killed; see doomedPeer. @default none: that is skipped */
  readonly doomed?: TransportLimits['doomed']
}

/** @param more options beside those that were given */
type Fresh<K extends Kind> = (more?: object) => Plugin<K>

const create = async <K extends Kind>(kind: K, fresh: Fresh<Kind>, more?: object, folder?: string): Promise<Kinds[K]> =>
  (fresh as Fresh<K>)(more).create(folder === undefined ? quiet : { ...quiet, folder })

/** For one thing that a transport is to do: a machine that builds and tests much at once is slow. */
const deadlineMs = 25_000

type SuiteRunner = (name: string, make: <T>(work: (fresh: Fresh<Kind>) => Promise<Subject<T>> | Subject<T>) => () => Promise<Subject<T>>, facts: Pick<PluginSuiteOptions<object>, 'cannot' | 'silentAddress' | 'doomed'>) => void

const runners: { readonly [K in Kind]: SuiteRunner } = {
  selector (name, make) { runSuite(name, selectorSuite, make(async fresh => subjectOf(fresh() as Plugin<'selector'>))) },
  admission (name, make) { runSuite(name, admissionSuite, make(async fresh => subjectOf(fresh() as Plugin<'admission'>))) },
  integrity (name, make) { runSuite(name, integritySuite, make(async fresh => subjectOf(fresh() as Plugin<'integrity'>))) },
  storage (name, make) { runSuite(name, storageSuite, make(async fresh => storageSubject(() => fresh() as Plugin<'storage'>))) },
  state (name, make) {
    runSuite(name, stateSuite, make(async fresh => {
      const root = await mkdtemp(join(tmpdir(), 'shoal-state-'))
      let opened = 0
      const { subject, release } = stateSubject(async options => {
        const folder = join(root, String(opened++))
        await mkdir(folder)
        return create('state', fresh, options, folder)
      })
      return { subject, release: async () => { await release?.(); await rm(root, { recursive: true, force: true }) } }
    }))
  },
  transport (name, make, { cannot, silentAddress, doomed }) {
    const silence = silentAddress === undefined ? { silence: 'no address is given at which somebody says nothing' } : {}
    runSuite(name, transportSuite({ cannot: { ...silence, ...cannot }, ...doomed === undefined ? {} : { doomed } }),
      make(async fresh => transportSubject(() => fresh() as Plugin<'transport'>, { deadlineMs, ...silentAddress === undefined ? {} : { silentAddress } })))
  },
  tracker (name, make) { runSuite(name, trackerSuite, make(fresh => realmSubject(() => create('tracker', fresh)))) }
}

/**
 * Registers every case of the suite of the plugin's kind. A state is given the option `historyChanges` where a case needs a short history; a storage is one on
 * the machine's own files.
 */
export const runPluginSuite = <K extends Kind, O extends object>(plugin: PluginFactory<K, O>, { options, ...facts }: PluginSuiteOptions<O> = {}): void => {
  runners[plugin.kind](`${plugin.kind}-${plugin.pluginName}`, work => async () => {
    const given = await options?.()
    const { subject, release } = await work(more => plugin({ ...given?.subject, ...more } as O))
    return { subject, release: async () => { await release?.(); await given?.release?.() } }
  }, facts)
}
