/**
 * Members who are bad sources, beside one honest one. The downloader is real, over TCP; it has only the bad one at first and is asked, hit or kept waiting by
 * it before the honest one comes. In each case it ends with the exact bytes, in time, with little fetched in vain, and with only the guilty blamed.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Download, ShoalEvent } from 'shoal'
import { concatBytes, pieceCount } from '../../src/contract/index.ts'
import type { PeerId } from '../../src/contract/index.ts'
import { encode } from '../../src/wire/encoder.ts'
import { until, within } from './deadline.ts'
import { frame } from './raw-peer.ts'
import { block, createSource, hashes, rangeBytes, reject, subjectOf } from './source.ts'
import type { Manners, Source, Subject, Turn } from './source.ts'
import { createWorld, password } from './world.ts'
import type { Watched } from './world.ts'

const KiB = 1024
const pieceSize = 128 * KiB
const length = 24 * pieceSize + 777
/** From the moment when the honest source is there. A staller costs 2 s by design; the rest is for a busy machine. */
const doneMs = 12_000

/** Where both bring blocks, the last ones may be asked of both. */
const windowBytes = 4 * pieceSize

interface Scene {
  readonly subject: Subject
  readonly taker: Watched
  readonly bad: readonly Source[]
  readonly download: Download
  /** Whom the taker blamed so far. */
  readonly blamed: readonly PeerId[]
}

interface Case {
  readonly manners: readonly ((subject: Subject) => Manners)[]
  /** Whether the bad ones had their chance. */
  readonly engaged: (scene: Scene) => boolean
  readonly check?: (scene: Scene) => void
  /** Most bytes that may be fetched in vain. @default none */
  readonly wasted?: number
  /** Which of the bad ones are to be blamed. @default none */
  readonly guilty?: readonly number[]
  /** Of these, at least one. */
  readonly maybe?: boolean
}

const follow = async (events: AsyncIterable<ShoalEvent>, blamed: PeerId[]): Promise<void> => {
  for await (const event of events) if (event.type === 'blame') blamed.push(event.peer)
}

const run = async ({ manners, engaged, check, wasted = 0, guilty = [], maybe = false }: Case): Promise<void> => {
  await using world = await createWorld()
  const honest = await world.shoal('honest')
  const taker = await world.shoal('taker')
  const raws = await Promise.all(manners.map((_, i) => world.raw(`bad${i}`)))
  await honest.createGroup('crew')
  await world.join(honest, 'crew', taker, ...raws)
  const { path, bytes } = world.file('file', length)
  await honest.share(path, 'crew', { pieceSize })
  const subject = await subjectOf(honest, 'crew', 'file', bytes)
  await honest.logout()
  const bad = await Promise.all(raws.map((raw, i) => createSource(raw, subject, manners[i]?.(subject))))
  const blamed: PeerId[] = []
  void follow(taker.events(), blamed)
  const download = await taker.download('crew', 'file', join(world.folder, 'copy'))
  const scene: Scene = { subject, taker, bad, download, blamed }
  await until('the bad sources have their chance', () => engaged(scene))

  await honest.login('honest', password)
  await within(doneMs, 'the download ends', download.finished)
  const { most, view } = taker.twin
  expect(readFileSync(join(world.folder, 'copy')).equals(bytes)).toBe(true)
  const { wastedBytes, fetchedBytes } = download.status()
  expect(wastedBytes).toBeLessThanOrEqual(wasted)
  expect(fetchedBytes - wastedBytes).toBe(length)
  const culprits = guilty.map(i => raws[i]?.peer)
  expect(blamed.filter(peer => !culprits.includes(peer))).toEqual([])
  expect(blamed.length).toBeGreaterThanOrEqual(maybe ? 1 : culprits.length)
  expect(most.downBytes).toBeLessThanOrEqual(length)
  expect(most.owedBytes).toBeLessThanOrEqual(8 * KiB * KiB)
  expect(view.downBytes).toBe(0)
  check?.(scene)
}

const askedOf = ({ bad }: Scene): boolean => bad.every(source => source.heard('request').length > 0)
const linksTo = ({ taker, bad: [first] }: Scene): number => first === undefined ? 0 : taker.twin.linksTo(first.raw.peer).length
const wrong = (turn: Turn, range: Parameters<typeof rangeBytes>[1]): Uint8Array => {
  const data = rangeBytes(turn.subject, range)
  return data.with(0, (data[0] ?? 0) ^ 1)
}

const cases: Readonly<Record<string, Case>> = {
  'sends wrong bytes': {
    manners: [() => ({ asked (turn, range) { block(turn, range, wrong(turn, range)) } })],
    engaged: ({ blamed }) => blamed.length > 0,
    wasted: 16 * pieceSize, // what came while the first piece was being verified
    guilty: [0]
  },
  'sends one wrong block of each piece and rejects the others': {
    manners: [() => ({ asked (turn, range) { if (range.offset === 0) block(turn, range, wrong(turn, range)); else reject(turn, range) } })],
    engaged: askedOf,
    wasted: 8 * pieceSize,
    guilty: [0]
  },
  'accepts everything and never answers': {
    manners: [() => ({ asked: () => undefined })],
    engaged: askedOf
  },
  'never gives hashes': {
    manners: [() => ({ askedHashes: () => undefined })],
    engaged: ({ bad }) => bad.every(source => source.heard('ask-hashes').length > 0),
    wasted: windowBytes
  },
  'rejects every request': {
    manners: [() => ({ asked: reject })],
    engaged: askedOf,
    // asked again and again it is not: after each reject it is left alone for longer
    check ({ bad: [source] }) { expect(source?.heard('request').length).toBeLessThan(40) }
  },
  'has nothing': {
    manners: [() => ({ have: new Uint8Array(0) })],
    engaged: ({ bad }) => bad.every(({ turns }) => turns.length > 0),
    check ({ bad: [source] }) { expect(source?.heard('request')).toEqual([]) }
  },
  'answers with hashes of something else': {
    manners: [() => ({ askedHashes (turn, page) { hashes({ ...turn, subject: { ...turn.subject, hashes: turn.subject.hashes.map(byte => byte ^ 1), integrity: { ...turn.subject.integrity, proof: () => new Uint8Array(0) } } }, page) } })],
    engaged: ({ blamed }) => blamed.length > 0,
    guilty: [0]
  },
  'answers with hashes of another size': {
    manners: [() => ({ askedHashes ({ link, number }, { first }) { link.say({ type: 'hashes', number, layer: 0, first, hashes: new Uint8Array(31), proof: new Uint8Array(0) }) } })],
    engaged: ({ bad }) => bad.every(({ turns }) => turns[0]?.link.isOver === true)
  },
  'has no hashes, though it has all pieces': {
    manners: [() => ({ askedHashes ({ link, number }, { first, count, layer }) { link.say({ type: 'no-hashes', number, first, count, layer }) } })],
    engaged: ({ bad }) => bad.every(source => source.heard('ask-hashes').length > 0),
    wasted: windowBytes,
    check ({ bad: [source] }) { expect(source?.heard('ask-hashes').length).toBeLessThan(20) }
  },
  'unchokes and chokes all the time': {
    manners: [() => ({
      asked ({ link, number }) {
        link.say({ type: 'choke', number, choked: true })
        link.say({ type: 'choke', number, choked: false })
      }
    })],
    engaged: askedOf,
    check ({ bad: [source] }) { expect(source?.heard('request').length).toBeLessThan(60) }
  },
  'drips one byte of a block in 100 ms': {
    manners: [() => {
      let dripping = false
      return {
        asked (turn, range) {
          if (dripping) return
          dripping = true
          const [head = new Uint8Array(), data = new Uint8Array()] = encode({ type: 'block', number: turn.number, piece: range.piece, offset: range.offset, data: rangeBytes(turn.subject, range) })
          turn.link.write(head)
          let at = 0
          const timer = setInterval(() => { if (turn.link.isOver) clearInterval(timer); else turn.link.write(data.subarray(at, ++at)) }, 100)
        }
      }
    }],
    engaged: askedOf
  },
  'ends its link in the middle of a block': {
    manners: [() => ({
      asked (turn, range) {
        const whole = concatBytes(...encode({ type: 'block', number: turn.number, piece: range.piece, offset: range.offset, data: rangeBytes(turn.subject, range) }))
        turn.link.write(whole.subarray(0, whole.byteLength / 2))
        void turn.link.link.close()
      }
    })],
    engaged: scene => askedOf(scene) && linksTo(scene) > 1,
    check: scene => { expect(linksTo(scene)).toBeLessThan(20) }
  },
  'sends blocks that nobody asked for': {
    manners: [() => ({ opened (turn) { for (let piece = 0; piece < 8; piece++) block(turn, { piece, offset: 0, length: pieceSize }) } })],
    engaged: scene => linksTo(scene) > 1,
    check: scene => { expect(linksTo(scene)).toBeLessThan(20) }
  },
  'sends a block longer than it was asked for': {
    manners: [() => ({ asked (turn, range) { block(turn, range, new Uint8Array(range.length + 16 * KiB)) } })],
    engaged: scene => linksTo(scene) > 1
  },
  'sends garbage instead of frames': {
    manners: [() => ({ opened ({ link }) { link.write(Uint8Array.from({ length: 5_000 }, (_, i) => (i * 131 + 7) & 0xff)) } })],
    engaged: scene => linksTo(scene) > 1
  },
  'announces frames of 4 GiB': {
    manners: [() => ({ opened ({ link }) { link.write(frame(18, new Uint8Array(100), 0xffff_ffff)) } })],
    engaged: scene => linksTo(scene) > 1
  },
  'tells of a million pieces, of those that there are': {
    manners: [({ manifest }) => ({
      have: new Uint8Array(0),
      opened ({ link, number }) {
        const pieces = Array.from({ length: 4_096 }, (_, i) => i % pieceCount(manifest))
        for (let i = 0; i < 250; i++) link.say({ type: 'have', number, pieces })
      },
      asked: () => undefined
    })],
    engaged: askedOf
  },
  'tells of pieces that there are not': {
    manners: [() => ({ opened ({ link, number }) { link.say({ type: 'have', number, pieces: [0, 1_000_000] }) } })],
    engaged: scene => linksTo(scene) > 0 && scene.bad[0]?.turns[0]?.link.isOver === true
  },
  'tells what it has in a bitfield of another size': {
    manners: [() => ({ have: new Uint8Array(400) })],
    engaged: scene => scene.bad[0]?.turns[0]?.link.isOver === true
  }
}

/** Of each kind one, at the same time. */
const together = ['sends wrong bytes', 'accepts everything and never answers', 'rejects every request', 'drips one byte of a block in 100 ms', 'answers with hashes of something else', 'sends garbage instead of frames']
  .map(name => cases[name]?.manners[0]).filter(manners => manners !== undefined)

describe.concurrent('a download ends with the exact bytes beside a member who', () => {
  for (const [name, each] of Object.entries(cases)) it(name, { timeout: 60_000 }, () => run(each))
  it('is six of these at once', { timeout: 60_000 }, () => run({
    manners: together,
    engaged: ({ blamed, bad }) => blamed.length > 0 && bad.every(({ raw }) => raw.links.length > 0),
    wasted: 16 * pieceSize,
    // whoever is never asked for hashes, or for pieces, cannot be found out
    guilty: [0, 4], maybe: true
  }))
})
