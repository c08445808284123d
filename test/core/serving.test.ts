/** What is given to others: requests, limits, turns, hashes. Every request gets exactly one answer. */
import { describe, expect, test } from 'vitest'
import { createStage, leaf, parseRange } from './stage.ts'
import type { Stage } from './stage.ts'
import { sample } from './swarm.ts'

const ask = (stage: Stage, link: number, piece: number, length = leaf, offset = 0): string[] => stage.say(link, { type: 'request', number: 0, piece, offset, length })
const cancel = (stage: Stage, link: number, piece: number): string[] => stage.say(link, { type: 'cancel', number: 0, piece, offset: 0, length: leaf })
const loaded = (stage: Stage, link: number, piece: number, length = leaf, ok = true): string[] =>
  stage.feed({ type: 'loaded', link, content: stage.file.id, piece, offset: 0, length, data: ok ? new Uint8Array(length) : undefined })
const room = (stage: Stage, link: number, unsentBytes: number): string[] => stage.feed({ type: 'room', link, unsentBytes })

/** A seed whose port does nothing by itself, and peers that want everything. */
const seed = (options: Parameters<typeof createStage>[0] = {}, readers = 1): Stage => {
  const stage = createStage({ have: 'xxxxxxxx', ideal: false, ...options })
  for (let link = 1; link <= readers; link++) {
    stage.reader(String.fromCharCode(96 + link))
    stage.feed({ type: 'admitted', link, number: 0, ok: true })
  }
  stage.log()
  return stage
}

describe('a request', () => {
  test('is loaded, then answered with the block', () => {
    const stage = seed()
    expect(ask(stage, 1, 3)).toEqual([`load 1 3:0+${leaf}`])
    expect(loaded(stage, 1, 3)).toEqual([`1> block 3:0+${leaf}`])
    expect(stage.session.view.transfer(stage.file.id)?.sentBytes).toBe(leaf)
  })

  test('that cannot be loaded is rejected', () => {
    const stage = seed()
    ask(stage, 1, 3)
    expect(loaded(stage, 1, 3, leaf, false)).toEqual([`1> reject 3:0+${leaf}`])
  })

  test('for a piece that we do not have is rejected', () => {
    const stage = seed({ have: 'x.......' })
    expect(ask(stage, 1, 1)).toEqual([`1> reject 1:0+${leaf}`])
  })

  test('that is cancelled before it is loaded is rejected at once; while it is loaded, after that; when it was answered, not again', () => {
    const stage = seed({ linkUnsentBytes: leaf })
    ask(stage, 1, 0)
    ask(stage, 1, 1)
    expect(cancel(stage, 1, 1)).toEqual([`1> reject 1:0+${leaf}`])
    expect(cancel(stage, 1, 0)).toEqual([])
    expect(loaded(stage, 1, 0)).toEqual([`1> reject 0:0+${leaf}`])
    expect(cancel(stage, 1, 0)).toEqual([])
  })

  test('while choked gets no answer: the choke was it', () => {
    const stage = createStage({ have: 'xxxxxxxx' })
    const link = stage.source('a', '........')
    stage.log()
    expect(ask(stage, link, 0)).toEqual([])
  })

  test('beyond a thousand that wait ends the link', () => {
    const stage = seed({ linkUnsentBytes: leaf })
    for (let count = 0; count <= 1_000; count++) expect(ask(stage, 1, count % 8).filter(line => line.startsWith('unlink'))).toEqual([])
    expect(ask(stage, 1, 0)).toEqual(['unlink 1: The peer broke the protocol: it asks for more than it can be given'])
    expect(stage.session.view.upBytes).toBe(0)
  })
})

describe('loading', () => {
  test('goes on only while the link has room; what is not reported within a moment is sent', () => {
    const stage = seed({ linkUnsentBytes: 2 * leaf })
    for (const piece of [0, 1, 2, 3, 4]) ask(stage, 1, piece)
    expect(stage.log()).toEqual([`load 1 0:0+${leaf}`, `load 1 1:0+${leaf}`])
    expect(loaded(stage, 1, 0)).toEqual([`1> block 0:0+${leaf}`])
    expect(room(stage, 1, leaf)).toEqual([])
    expect(room(stage, 1, 0)).toEqual([`load 1 2:0+${leaf}`])
    expect(loaded(stage, 1, 1)).toEqual([`1> block 1:0+${leaf}`])
    expect(stage.pass(1)).toEqual([`load 1 3:0+${leaf}`])
  })

  test('stays within the budget over all links, which take turns', () => {
    const stage = seed({ upBudgetBytes: 3 * leaf }, 3)
    for (const first of [0, 3]) for (const link of [1, 2, 3]) ask(stage, link, first + link - 1)
    expect(stage.log()).toEqual([1, 2, 3].map(link => `load ${link} ${link - 1}:0+${leaf}`))
    expect(stage.session.view.upBytes).toBe(3 * leaf)
    loaded(stage, 1, 0)
    expect(room(stage, 1, 0)).toEqual([`load 1 3:0+${leaf}`])
    loaded(stage, 2, 1)
    expect(room(stage, 2, 0)).toEqual([`load 2 4:0+${leaf}`])
  })

  test('of one block is possible however small the bounds', () => {
    const stage = seed({ upBudgetBytes: 1, linkUnsentBytes: 1 })
    ask(stage, 1, 0)
    ask(stage, 1, 1)
    expect(stage.log()).toEqual([`load 1 0:0+${leaf}`])
    loaded(stage, 1, 0)
    expect(room(stage, 1, 0)).toEqual([`load 1 1:0+${leaf}`])
  })

  test('gives its budget back when the link is lost, and its late answers change nothing', () => {
    const stage = seed({}, 2)
    ask(stage, 1, 0)
    stage.feed({ type: 'unlinked', link: 1 })
    expect(stage.session.view.upBytes).toBe(0)
    expect(loaded(stage, 1, 0)).toEqual([])
    expect(stage.session.view.upBytes).toBe(0)
  })

  test('a peer that takes nothing of what waits for it for two minutes is let go; one that takes a little is not', () => {
    const stage = seed({}, 2)
    for (const link of [1, 2]) {
      ask(stage, link, 0)
      loaded(stage, link, 0)
      room(stage, link, leaf)
    }
    for (let left = leaf; left > leaf - 5; left--) {
      room(stage, 2, left)
      stage.pass(30_000)
    }
    expect(stage.log().filter(line => line.startsWith('unlink'))).toEqual(['unlink 1: It did not read what was sent.'])
  })

  test('a peer for which too much waits is let go', () => {
    expect(room(seed(), 1, 10 * 2 ** 20)).toEqual(['unlink 1: It does not read what is sent.'])
  })
})

describe('slots', () => {
  test('as many are served as there are slots; the others wait, and take turns every 10 s', () => {
    const stage = createStage({ have: 'xxxxxxxx', uploadSlots: 2 })
    for (const peer of ['a', 'b', 'c']) stage.reader(peer)
    const chokes = (lines: string[]): string[] => lines.filter(line => line.includes('choke'))
    expect(chokes(stage.log())).toEqual(['1> unchoke', '2> unchoke'])
    expect(chokes(stage.pass(10_000))).toEqual(['1> choke', '3> unchoke'])
    expect(chokes(stage.pass(10_000))).toEqual(['2> choke', '1> unchoke'])
  })

  test('a choke answers all requests: what is being loaded is not sent', () => {
    const stage = seed({ uploadSlots: 1 }, 2)
    ask(stage, 1, 0)
    stage.log()
    stage.pass(10_000)
    expect(stage.log()).toEqual(['1> choke', '2> unchoke'])
    expect(loaded(stage, 1, 0)).toEqual([])
  })

  test('who wants nothing more, or is gone, gives its slot to the next', () => {
    const stage = createStage({ have: 'xxxxxxxx', uploadSlots: 1 })
    for (const peer of ['a', 'b', 'c']) stage.reader(peer)
    stage.log()
    expect(stage.say(1, { type: 'want', number: 0, wanted: false })).toEqual(['1> choke', '2> unchoke'])
    expect(stage.feed({ type: 'unlinked', link: 2 })).toEqual(['3> unchoke'])
  })

  test('a turn of bytes is over when they have left, if another waits', () => {
    const stage = createStage({ have: 'xxxxxxxx', ideal: false, uploadSlots: 1, turnBytes: leaf })
    const join = (peer: string): void => { stage.feed({ type: 'admitted', link: stage.reader(peer), number: 0, ok: true }) }
    const serve = (link: number, piece: number): string[] => {
      ask(stage, link, piece)
      loaded(stage, link, piece)
      room(stage, link, leaf)
      return room(stage, link, 0)
    }
    join('a')
    expect(serve(1, 0)).toEqual([])
    join('b')
    stage.log()
    expect(serve(1, 1)).toEqual(['1> choke', '2> unchoke'])
    expect(serve(2, 2)).toEqual(['2> choke', '1> unchoke'])
  })

  test('who was choked is not unchoked before what it had asked must have arrived', () => {
    const stage = createStage({ have: 'xxxxxxxx' })
    stage.reader('a')
    stage.say(1, { type: 'want', number: 0, wanted: false })
    stage.log()
    stage.say(1, { type: 'want', number: 0, wanted: true })
    expect(stage.pass(4_999)).toEqual([])
    expect(stage.pass(1)).toEqual(['1> unchoke'])
  })
})

describe('limits', () => {
  test('up: blocks leave at the limit, and a limit smaller than a block lets it through', () => {
    const file = sample(16 * leaf, leaf)
    const stage = createStage({ have: 'x'.repeat(16), file, limits: { up: 4 * leaf } })
    stage.reader('a')
    for (let piece = 0; piece < 16; piece++) ask(stage, 1, piece)
    const sent = (): number => stage.session.view.transfer(file.id)?.sentBytes ?? 0
    expect(sent()).toBeLessThanOrEqual(5 * leaf)
    stage.pass(2_000)
    expect(sent()).toBeGreaterThanOrEqual(11 * leaf)
    expect(sent()).toBeLessThanOrEqual(13 * leaf)
    const slow = seed({ limits: { up: 100 } })
    ask(slow, 1, 0)
    expect(loaded(slow, 1, 0)).toEqual([`1> block 0:0+${leaf}`])
  })

  test('down: no more is asked than the limit allows, and what is not brought is given back', () => {
    const stage = createStage({ have: '.'.repeat(16), file: sample(16 * leaf, leaf), limits: { down: 4 * leaf } })
    const link = stage.source('a', 'x'.repeat(16))
    const asked: string[] = stage.log().filter(line => line.includes('request'))
    expect(asked).toHaveLength(4)
    for (let ms = 0; ms < 2_000; ms += 100) {
      for (const line of asked.splice(0)) asked.push(...stage.give(link, line).filter(line => line.includes('request')))
      asked.push(...stage.pass(100).filter(line => line.includes('request')))
    }
    const { fetchedBytes } = stage.session.view.transfer(stage.file.id) ?? { fetchedBytes: 0 }
    expect(fetchedBytes).toBeGreaterThanOrEqual(10 * leaf)
    expect(fetchedBytes).toBeLessThanOrEqual(13 * leaf)
  })

  test('can be changed and lifted while things wait', () => {
    const stage = seed({ limits: { up: 1 } })
    ask(stage, 1, 0)
    ask(stage, 1, 1)
    expect(stage.log()).toEqual([`load 1 0:0+${leaf}`])
    expect(stage.feed({ type: 'limited', limits: {} })).toEqual([`load 1 1:0+${leaf}`])
  })
})

describe('hashes', () => {
  test('of a page that we have are loaded and sent, choked or not', () => {
    const stage = createStage({ have: 'xxxxxxxx' })
    const link = stage.source('a', '........')
    stage.log()
    expect(stage.say(link, { type: 'ask-hashes', number: 0, layer: 0, first: 0, count: 8 })).toEqual(['page 1 0+8', '1> hashes 0'])
  })

  test('that we do not have, of another layer, or that cannot be loaded, are told to be missing', () => {
    const stage = createStage({ pagesKnown: false, ideal: false })
    stage.reader('a')
    stage.feed({ type: 'admitted', link: 1, number: 0, ok: true })
    stage.log()
    const question = { type: 'ask-hashes', number: 0, first: 0, count: 8 } as const
    expect(stage.say(1, { ...question, layer: 0 })).toEqual(['1> no-hashes 0+8'])
    const full = seed()
    expect(full.say(1, { ...question, layer: 1 })).toEqual(['1> no-hashes 0+8'])
    expect(full.say(1, { ...question, layer: 0 })).toEqual(['page 1 0+8'])
    expect(full.feed({ type: 'paged', link: 1, content: full.file.id, first: 0, count: 8, page: undefined })).toEqual(['1> no-hashes 0+8'])
  })

  test('are not sent to a peer that was removed meanwhile', () => {
    const stage = seed()
    stage.say(1, { type: 'ask-hashes', number: 0, layer: 0, first: 0, count: 8 })
    stage.say(1, { type: 'close', number: 0 })
    expect(stage.feed({ type: 'paged', link: 1, content: stage.file.id, first: 0, count: 8, page: { hashes: new Uint8Array(1), proof: new Uint8Array(1) } })).toEqual([])
  })
})

test('ranges are read from text as they are written', () => { expect(parseRange('1> request 3:16384+5')).toEqual({ piece: 3, offset: 16384, length: 5 }) })
