/** A real peer's session, recorded and fed again: the same inputs give the same effects, byte for byte. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createShoal, createTrackerService } from 'shoal'
import type { Plugin, Shoal, Storage } from 'shoal'
import rarestFirst from 'shoal/plugins/selector-rarest-first'
import stateMemory from 'shoal/plugins/state-memory'
import storageFile from 'shoal/plugins/storage-file'
import trackerLocal from 'shoal/plugins/tracker-local'
import tcp from 'shoal/plugins/transport-tcp'
import { definePlugin } from 'shoal/plugin'
import type { Effect, Input } from '../../src/core/io.ts'
import { createSession } from '../../src/core/session.ts'
import type { Recorded } from '../../src/engine/index.ts'

const MiB = 1024 * 1024
const log = (): void => undefined

/** A storage whose reads for sending are wrong now and then. */
const poisoned = definePlugin('storage', 'poisoned', async (_: object, context): Promise<Storage> => {
  const storage = await storageFile().create(context)
  let reads = 0
  return {
    async open (manifest, place, signal) {
      const store = await storage.open(manifest, place, signal)
      const read = store.read.bind(store)
      return Object.assign(Object.create(store) as typeof store, {
        async read (piece: number, offset: number, length: number) {
          const bytes = await read(piece, offset, length)
          if (++reads % 3 === 0 && bytes[0] !== undefined) bytes[0] ^= 1
          return bytes
        }
      })
    }
  }
})

/** A value as text in which buffers are their hashes, so that whole recordings can be compared. */
const asText = (value: Input | Effect): string => JSON.stringify(value, (_, part: unknown) =>
  part instanceof Uint8Array ? `${part.byteLength}:${createHash('sha256').update(part).digest('hex')}` : part)

/** A copy of its own: memory that threads share is not copied by structuredClone, and blocks are used again. */
const copyOf = (input: Input): Input => {
  if (input.type === 'message' && input.message.type === 'block') return { ...input, message: { ...input.message, data: Uint8Array.from(input.message.data) } }
  return structuredClone(input)
}

describe('a session', () => {
  it('fed with what a real peer\'s session was fed gives the same effects', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-replay-'))
    const service = await createTrackerService({ state: await stateMemory().create({ log }) })
    const peers: Shoal[] = []
    onTestFinished(async () => {
      await Promise.all(peers.map(peer => peer.stop()))
      await service.stop()
      rmSync(folder, { recursive: true })
    })
    const seed = 20_261_120
    const recording: ({ now: number, input: Input } | { effect: string })[] = []
    const record = (entry: Recorded): void => {
      recording.push('input' in entry ? { now: entry.now, input: copyOf(entry.input) } : { effect: asText(entry.effect) })
    }
    const member = async (user: string, extra: { use?: Plugin[], seed?: number, record?: (entry: Recorded) => void } = {}): Promise<Shoal> => {
      const { use = [], ...rest } = extra
      const peer = await createShoal({ tracker: trackerLocal({ service }), use: [tcp(), ...use], listen: { host: '127.0.0.1', port: 0 }, ...rest })
      peers.push(peer)
      await peer.createUser(user, 'secret')
      await peer.login(user, 'secret')
      return peer
    }
    const source = join(folder, 'source')
    writeFileSync(source, Uint8Array.from({ length: 6 * MiB + 77 }, (_, i) => (i * 7 + (i >> 9)) & 0xff))
    const sent = { blocks: 0, reports: 0 }
    const honest = await member('honest', {
      record (entry) {
        if ('input' in entry) sent.reports += Number(entry.input.type === 'room')
        else sent.blocks += Number(entry.effect.type === 'send' && entry.effect.message.type === 'block')
      }
    })
    const poisoner = await member('poisoner', { use: [poisoned()] })
    const taker = await member('taker', { seed, record })
    await honest.createGroup('crew')
    for (const [user, peer] of [['poisoner', poisoner], ['taker', taker]] as const) {
      await peer.joinGroup('crew')
      await honest.acceptRequest('crew', user)
    }
    await honest.share(source, 'crew')
    await poisoner.share(source, 'crew')
    const download = await taker.download('crew', 'source', join(folder, 'copy'))
    await download.finished
    expect(readFileSync(join(folder, 'copy')).equals(readFileSync(source))).toBe(true)
    await taker.stop()

    const again = createSession({ peer: taker.peer, seed, selector: await rarestFirst().create({ log }) })
    const effects: string[] = []
    for (const entry of recording) {
      if (!('input' in entry)) continue
      again.handle(entry.input, entry.now)
      for (let effect = again.poll(); effect !== undefined; effect = again.poll()) effects.push(asText(effect))
    }
    expect(effects).toEqual(recording.flatMap(entry => 'effect' in entry ? [entry.effect] : []))
    // who sends goes on by what it is told, not by a timer
    expect(sent.blocks).toBeGreaterThan(0)
    expect(sent.reports).toBeGreaterThanOrEqual(sent.blocks)
    expect(effects.filter(effect => effect.startsWith('{"type":"store"')).length).toBe(49)
    expect(effects.some(effect => effect.includes('"blamed"'))).toBe(true)
  })
})
