/** One engine on real parts: a network in memory, a tracker service, a membership, a group. Laid down with the test. */
import { onTestFinished } from 'vitest'
import sha256 from 'shoal/plugins/integrity-sha256'
import memoryState from 'shoal/plugins/state-memory'
import storageMemory from 'shoal/plugins/storage-memory'
import rarestFirst from 'shoal/plugins/selector-rarest-first'
import trackerLocal from 'shoal/plugins/tracker-local'
import transportMemory from 'shoal/plugins/transport-memory'
import type { ContentId, GroupId, GroupName, Integrity, Manifest, Store } from '../../src/contract/index.ts'
import { contentId } from '../../src/core/index.ts'
import { createEngine } from '../../src/engine/index.ts'
import type { Engine, EngineEvent, Login } from '../../src/engine/index.ts'
import { generateKey } from '../../src/keys/ed25519.ts'
import { createMembership } from '../../src/membership/index.ts'
import { createNetwork } from '../../src/network/index.ts'
import { createProfile } from '../../src/profile/index.ts'
import { createTrackerService } from '../../src/tracker/index.ts'

export interface EngineWorld {
  readonly engine: Engine
  readonly login: Login
  readonly group: GroupId
  readonly events: EngineEvent[]
  readonly content: ContentId
  readonly parts: { readonly manifest: Manifest, readonly integrity: Integrity }
  /** A store of that content, each in its own place. */
  store (isComplete: boolean): Promise<Store>
}

const log = (): void => undefined
const pieceLength = 16 * 1024
const data = Uint8Array.from({ length: 3 * pieceLength + 5 }, (_, i) => i * 7 % 251)

export const engineWorld = async (): Promise<EngineWorld> => {
  const state = await memoryState().create({ log })
  const service = await createTrackerService({ state, passwordCost: { memoryKiB: 8, passes: 1, lanes: 1 } })
  const tracker = await trackerLocal({ service }).create({ log })
  const device = await generateKey()
  await tracker.register('ann', 'secret')
  const session = await tracker.login('ann', 'secret', device)
  const profile = await createProfile(await memoryState().create({ log }))
  const membership = createMembership({ session, realm: service.realm, device, logs: profile.logs })
  const group = await membership.create('films' as GroupName)
  const network = await createNetwork({ key: device.libp2p, transports: [await transportMemory().create({ log })], listen: { host: '127.0.0.1', port: 0 }, log })
  const events: EngineEvent[] = []
  const engine = createEngine({ network, selector: await rarestFirst().create({ log }), seed: 1, agent: 'test', log, event: event => { events.push(event) } })
  const integrity = await sha256().create({ log })
  const sealer = integrity.sealer({ length: data.byteLength, pieceLength })
  await sealer.push(data)
  const { root, hashes } = await sealer.finish()
  const manifest: Manifest = { format: 1, scheme: 'sha256', coding: 'none', length: data.byteLength, pieceLength, root }
  let made = 0
  onTestFinished(async () => { await engine.stop(); await membership.stop(); await service.stop(); await state.stop() })
  return {
    engine, group, events, login: { membership, session }, content: contentId(manifest, integrity), parts: { manifest, integrity },
    async store (isComplete) {
      const storage = await storageMemory().create({ log })
      const store = await storage.open(manifest, { folder: '/to', name: `${made++}` }, new AbortController().signal)
      if (!isComplete) return store
      await store.writeHashes(0, hashes, hashes.byteLength)
      for (let piece = 0; piece < 4; piece++) await store.write(piece, [data.slice(piece * pieceLength, (piece + 1) * pieceLength)])
      return store
    }
  }
}
