/**
 * Members who ask for too much, or take nothing of what they asked for. A real sharer over TCP: it answers nothing that it should not, holds little memory for
 * any of them, and serves others meanwhile as if they were not there.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Download } from 'shoal'
import { byteWriter, concatBytes, pieceBytes, pieceCount } from '../../src/contract/index.ts'
import type { ContentId } from '../../src/contract/index.ts'
import type { BlockRange } from '../../src/core/message.ts'
import { encode } from '../../src/wire/encoder.ts'
import { until, within } from './deadline.ts'
import { frame } from './raw-peer.ts'
import type { RawLink } from './raw-peer.ts'
import { subjectOf } from './source.ts'
import type { Subject } from './source.ts'
import { createWorld } from './world.ts'
import type { RawMember, Watched, World } from './world.ts'

const KiB = 1024
const MiB = KiB * KiB
const pieceSize = 64 * KiB
const length = 4 * MiB + 5_000
const requestCode = 16
/** What waits for one link at most: 1 MiB by the session's account, as much that a link does not report below its mark, and a request. */
const perLink = 2 * MiB + pieceSize

interface Scene { readonly world: World, readonly sharer: Watched, readonly honest: Watched, readonly raw: RawMember, readonly subject: Subject, readonly credential: Uint8Array }

const scene = async (size = length): Promise<Scene & AsyncDisposable> => {
  const world = await createWorld()
  const [sharer, honest, raw] = [await world.shoal('sharer'), await world.shoal('honest'), await world.raw('greedy')]
  await sharer.createGroup('crew')
  await world.join(sharer, 'crew', honest, raw)
  const { path, bytes } = world.file('file', size)
  await sharer.share(path, 'crew', { pieceSize })
  const subject = await subjectOf(sharer, 'crew', 'file', bytes)
  return { world, sharer, honest, raw, subject, credential: await raw.membership.mine(subject.group), [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}

/** Up to where it may ask. */
const enter = async ({ raw, sharer, subject, credential }: Scene): Promise<{ readonly link: RawLink, readonly number: number }> => {
  const link = await raw.dial(sharer)
  const number = link.open(subject.group, subject.content, credential)
  link.say({ type: 'pieces', number, have: new Uint8Array(0) })
  link.say({ type: 'want', number, wanted: true })
  await link.hear('that it may ask', message => message.type === 'choke' && !message.choked)
  return { link, number }
}

/** Another member is served meanwhile, or after. */
const download = async ({ world, honest, subject }: Scene, ms = 10_000): Promise<Download> => {
  const running = await honest.download('crew', 'file', join(world.folder, 'copy'))
  await within(ms, 'the download of another member ends', running.finished)
  expect(readFileSync(join(world.folder, 'copy')).equals(subject.bytes)).toBe(true)
  return running
}

const endsOf = ({ sharer, raw }: Scene): readonly (string | undefined)[] => sharer.twin.linksTo(raw.peer).map(({ ended }) => ended)

/** Bytes of memory outside of the heap, at most, over all: of the whole process, the greedy one's and the honest one's included. */
const watchMemory = (): { most (): number, [Symbol.dispose] (): void } => {
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  const timer = setInterval(() => { most = Math.max(most, process.memoryUsage().arrayBuffers - before) }, 10)
  return { most: () => most, [Symbol.dispose] () { clearInterval(timer) } }
}

describe('a sharer', () => {
  it('answers no request for what there is not, and ends the link', async () => {
    await using all = await scene()
    const { subject: { manifest } } = all
    const last = pieceCount(manifest) - 1
    const rest = pieceBytes(manifest, last)
    const ranges: BlockRange[] = [
      { piece: last + 1, offset: 0, length: 16 * KiB },
      { piece: 4_000_000, offset: 0, length: 16 * KiB },
      { piece: 0, offset: pieceSize, length: 16 * KiB },
      { piece: 0, offset: 0, length: 2 * pieceSize },
      { piece: 0, offset: 48 * KiB, length: 32 * KiB },
      { piece: 0, offset: 0, length: 1_000 },
      { piece: last, offset: 0, length: rest + 1 },
      { piece: last, offset: 0, length: rest - 1 },
      // what no codec of ours would encode
      { piece: 0xffff_ffff, offset: 0, length: 16 * KiB },
      { piece: 0, offset: 1, length: 16 * KiB },
      { piece: 0, offset: 0, length: 0 },
      { piece: 0, offset: 0, length: 0xffff_ffff },
      { piece: 0, offset: 0xffff_c000, length: 0xffff_ffff }
    ]
    for (const { piece, offset, length } of ranges) {
      const { link, number } = await enter(all)
      const before = link.heard.length
      link.write(frame(requestCode, byteWriter().u32(number).u32(piece).u32(offset).u32(length).u32(0).finish()))
      await within(5_000, `the link ends after a request for ${length} bytes at ${offset} of piece ${piece}`, link.over)
      expect(link.heard.slice(before)).toEqual([])
    }
    await download(all)
  })

  it('does not hold what is asked by who asks 100,000 times and does not read', async () => {
    await using all = await scene()
    const { link, number } = await enter(all)
    link.pause()
    using memory = watchMemory()
    const before = all.sharer.twin.count('load')
    const request = encode({ type: 'request', number, piece: 0, offset: 0, length: pieceSize }, { heard: 0 })
    for (let i = 0; i < 100_000 && !link.isOver; i++) if (!link.write(...request)) await link.drained()
    await until('the link is ended', () => endsOf(all).every(ended => ended !== undefined))
    expect(all.sharer.twin.count('load') - before).toBeLessThanOrEqual(32)
    expect(all.sharer.twin.most.upBytes).toBeLessThanOrEqual(MiB + 2 * pieceSize)
    expect(memory.most()).toBeLessThan(16 * MiB)
    await download(all)
  })

  it.each([['reads', true], ['does not read', false]])('serves another member beside a storm of requests that are cancelled at once, by one who %s the answers', async (_, reads) => {
    await using all = await scene(MiB)
    const { link, number } = await enter(all)
    if (!reads) link.pause()
    using memory = watchMemory()
    const range = { number, piece: 1, offset: 0, length: 16 * KiB }
    const pair = [...encode({ type: 'request', ...range }, { heard: 0 }), ...encode({ type: 'cancel', ...range })]
    const batch = concatBytes(...Array.from({ length: 200 }, () => pair).flat())
    const storm = async (): Promise<void> => {
      for (let i = 0; i < 100 && !link.isOver; i++) if (!link.write(batch)) await Promise.race([link.drained(), link.over])
    }
    await Promise.all([storm(), download(all, 20_000)])
    // every request has one answer, whatever became of it
    const answers = (): number => link.heard.filter(({ type }) => type === 'reject' || type === 'block').length
    if (reads) await until('every request has its answer', () => answers() >= 20_000)
    if (reads) expect(answers()).toBe(20_000)
    expect(all.sharer.twin.most.upBytes).toBeLessThanOrEqual(2 * perLink)
    expect(memory.most()).toBeLessThan(64 * MiB)
  })

  it('ends the link of who asks for hashes again and again and does not read them', async () => {
    await using all = await scene()
    const { link, number } = await enter(all)
    link.pause()
    using memory = watchMemory()
    const ask = encode({ type: 'ask-hashes', number, layer: 0, first: 0, count: pieceCount(all.subject.manifest) })
    const batch = concatBytes(...Array.from({ length: 100 }, () => ask).flat())
    const isEnded = (): boolean => endsOf(all).every(ended => ended !== undefined)
    for (let i = 0; i < 1_000 && !isEnded(); i++) if (!link.write(batch)) await Promise.race([link.drained(), link.over, until('it is ended', isEnded)])
    await until('the link is ended', isEnded)
    expect(endsOf(all)).toEqual(['It does not read what is sent.'])
    expect(memory.most()).toBeLessThan(64 * MiB)
    await download(all)
  })

  it('outlasts who opens and closes the same content 1,000 times', async () => {
    await using all = await scene()
    const { group, content } = all.subject
    const link = await all.raw.dial(all.sharer)
    for (let i = 0; i < 1_000; i++) link.say({ type: 'close', number: link.open(group, content, all.credential) })
    await link.settled()
    for (let i = 0; i < 100; i++) {
      const number = link.open(group, content, all.credential)
      const before = link.heard.length
      await until('the answer', () => link.heard.length > before)
      link.say({ type: 'close', number })
    }
    await link.settled()
    expect(link.isOver).toBe(false)
    await download(all)
  })

  it('refuses 4,000 opens of contents that there are not, with credentials that look well, and serves another member meanwhile', async () => {
    await using all = await scene(MiB)
    const link = await (await all.world.stranger()).dial(all.sharer)
    const forged = all.credential.with(-1, (all.credential.at(-1) ?? 0) ^ 1)
    const frames = Array.from({ length: 4_000 }, (_, number) =>
      encode({ type: 'open', number, group: all.subject.group, content: number.toString(16).padStart(64, '0') as ContentId, credential: forged }, { heard: 0 })).flat()
    link.write(concatBytes(...frames))
    const refused = (): number => link.heard.filter(({ type }) => type === 'refuse').length
    await Promise.all([download(all, 20_000), until('all are refused', () => refused() === 4_000)])
    expect(link.heard.length).toBe(4_001)
  })

  it('ends the link of who opens the same content again and again', async () => {
    await using all = await scene()
    const { group, content } = all.subject
    const link = await all.raw.dial(all.sharer)
    for (let i = 0; i < 1_000; i++) link.open(group, content, all.credential)
    await within(5_000, 'the link ends', link.over)
    await download(all)
  })

  it('serves another member at full speed beside one who asks for all it may and reads nothing', async () => {
    await using all = await scene(32 * MiB)
    const { link, number } = await enter(all)
    link.pause()
    using memory = watchMemory()
    for (let piece = 0; piece < 500; piece++) link.say({ type: 'request', number, piece, offset: 0, length: pieceSize })
    await until('it is given what is held for one link', () => all.sharer.twin.view.upBytes >= MiB - pieceSize)
    await download(all)
    expect(all.sharer.twin.most.upBytes).toBeLessThanOrEqual(2 * perLink)
    // most of it the honest one's, which may hold 64 MiB
    expect(memory.most()).toBeLessThan(128 * MiB)
    expect(all.sharer.twin.view.links.map(({ peer }) => peer)).toContain(all.raw.peer)
  })
})
