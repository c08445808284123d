/**
 * What each suite runs on, made of a plugin alone, with published names: so that a plugin anywhere is tested in three lines. Owns no case. What a suite's own
 * file calls a rig, a realm, a world or a maker is made here.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { ShoalError } from '../contract/index.ts'
import type { Admission, Context, Integrity, Plugin, Selector, State, Tracker } from '../contract/index.ts'
import { decodeCredential } from '../core/credential.ts'
import { encodeEntry, openEntry, sealEntry } from '../core/log-entry.ts'
import { generateKey, verifyWithKey } from '../keys/ed25519.ts'
import { createNetwork } from '../network/index.ts'
import type { StateMaker } from './state.ts'
import type { StorageWorld } from './storage.ts'
import type { Subject } from './suite.ts'
import type { TrackerRealm } from './tracker.ts'
import { transportRig } from './transport.ts'
import type { TransportMaker, TransportRig } from './transport.ts'

/** What a plugin is given under test: no folder, and a log that nobody reads. */
export const quiet: Context = { log: () => { /* nobody reads it */ } }

const stop = async (part: Selector | Integrity | Admission): Promise<void> => { if ('verify' in part) await part.stop?.() }

/** For selectorSuite, integritySuite and admissionSuite: the plugin's part itself. */
export const subjectOf = async <T extends Selector | Integrity | Admission>(plugin: { create (context: Context): Promise<T> }): Promise<Subject<T>> => {
  const subject = await plugin.create(quiet)
  return { subject, release: () => stop(subject) }
}

/** For transportSuite: networks on this machine that speak this transport alone, each with an identity of its own. */
export const transportSubject = async (plugin: () => Plugin<'transport'>, options: Pick<TransportMaker, 'silentAddress' | 'deadlineMs'> = {}): Promise<Subject<TransportRig>> => {
  const transport = await plugin().create(quiet)
  return transportRig({
    ...options,
    transport: () => transport,
    // each network has a transport of its own
    network: async (_, listen) => createNetwork({ key: await generateKeyPair('Ed25519'), transports: [await plugin().create(quiet)], listen, log: quiet.log })
  })
}

/** For storageSuite: real files in a folder that goes with the case; the plugin is made anew whenever the case starts its process again. */
export const storageSubject = async (plugin: () => Plugin<'storage'>): Promise<Subject<StorageWorld>> => {
  const root = await mkdtemp(join(tmpdir(), 'shoal-storage-'))
  const [home, folder] = [join(root, 'home'), join(root, 'downloads')]
  await mkdir(home)
  return {
    subject: {
      restart: async () => plugin().create({ ...quiet, folder: home }),
      folder,
      files: {
        async put (path, bytes) {
          await mkdir(folder, { recursive: true })
          await writeFile(path, bytes)
        },
        get: async path => readFile(path).catch(() => undefined),
        remove: async path => rm(path)
      }
    },
    release: async () => rm(root, { recursive: true, force: true })
  }
}

/** For stateSuite: what a case opens is stopped after it. */
export const stateSubject = (open: (options: { readonly historyChanges?: number }) => Promise<State>): Subject<StateMaker> => {
  const opened: State[] = []
  return {
    subject: {
      async open (options = {}) {
        const state = await open(options)
        opened.push(state)
        return state
      }
    },
    async release () { for (const state of opened) await state.stop() }
  }
}

/**
 * For trackerSuite: what it takes to speak to one realm, fresh and empty.
 * @param connect a connection of its own to that realm
 */
export const realmSubject = (connect: () => Promise<Tracker> | Tracker, release: () => Promise<void> = () => Promise.resolve()): Subject<TrackerRealm> => {
  const connected: Tracker[] = []
  const own = async (): Promise<Tracker> => {
    const tracker = await connect()
    connected.push(tracker)
    return tracker
  }
  return {
    subject: {
      connect: own,
      newDevice: generateKey,
      seal: async (entry, device) => sealEntry(entry, await device.sign(encodeEntry(entry))),
      open: openEntry,
      async openCredential (bytes) {
        const { value, signed, signature } = decodeCredential(bytes)
        const { key } = await (await own()).realm()
        if (!await verifyWithKey(key, signed, signature)) throw new ShoalError('INTEGRITY', 'The realm did not sign this credential. Ask for another.')
        return value
      }
    },
    async release () {
      for (const tracker of connected) await tracker.stop()
      await release()
    }
  }
}
