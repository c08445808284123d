/** How a content is opened on a link, and what is not said before both sides are admitted. */
import { describe, expect, test } from 'vitest'
import type { ContentId, PeerId } from '../../src/contract/index.ts'
import type { Message } from '../../src/core/index.ts'
import { createStage, leaf } from './stage.ts'
import type { Stage } from './stage.ts'
import { credentialOf, group, home, sample } from './swarm.ts'

const openBy = (stage: Stage, peer: string, number = 0, inGroup = home, content = stage.file.id): Message =>
  ({ type: 'open', number, group: inGroup, content, credential: credentialOf(peer, inGroup) })

const admit = (stage: Stage, link: number, number = 0, ok = true): string[] => stage.feed({ type: 'admitted', link, number, ok })

describe('opening', () => {
  test('a peer that was sighted is dialed, and the content is opened to it when it is linked', () => {
    const stage = createStage()
    expect(stage.sight('b')).toEqual(['dial b'])
    stage.link('b', false)
    expect(stage.log()).toEqual(['dial b', '1> open 0'])
  })

  test('a peer that is linked and was not sighted hears nothing', () => {
    const stage = createStage()
    stage.link('b')
    expect(stage.log()).toEqual([])
  })

  test('a sighting of a linked peer opens at once', () => {
    const stage = createStage()
    stage.link('b')
    expect(stage.sight('b')).toEqual(['1> open 0'])
  })

  test('without a credential of ours nothing is dialed or opened; with one it is, at once', () => {
    const stage = createStage({ groups: [] })
    stage.feed({ type: 'regrouped', content: stage.file.id, groups: [home] })
    expect(stage.sight('b', home)).toEqual([])
    expect(stage.feed({ type: 'credential', group: home, credential: credentialOf('me', home) })).toEqual(['dial b'])
  })

  test('an open is judged before anything of ours is said; then we open, tell our pieces, and show interest', () => {
    const stage = createStage({ have: 'x.......', ideal: false })
    const link = stage.link('b')
    expect(stage.say(link, openBy(stage, 'b'))).toEqual(['admit 1 0'])
    expect(stage.say(link, { type: 'pieces', number: 0, have: 'all' })).toEqual([])
    expect(admit(stage, link)).toEqual(['1> open 0', '1> pieces 80', '1> want'])
  })

  test('what they have is not believed before they are admitted', () => {
    const stage = createStage({ ideal: false })
    const link = stage.link('b')
    stage.say(link, openBy(stage, 'b'))
    stage.say(link, { type: 'pieces', number: 0, have: 'all' })
    expect(stage.session.view.transfer(stage.file.id)?.sources).toEqual([])
    admit(stage, link)
    expect(stage.session.view.transfer(stage.file.id)?.sources).toEqual([{ peer: 'b', link, pieces: 8 }])
  })

  test('who has nothing says so, who has everything says so in a word', () => {
    for (const [have, told] of [['........', 'none'], ['xxxxxxxx', 'all'], ['x.x....x', 'a1']] as const) {
      const stage = createStage({ have })
      stage.say(stage.link('b'), openBy(stage, 'b'))
      expect(stage.log()).toContain(`1> pieces ${told}`)
    }
  })

  test.each([
    ['a credential that is not admitted', home, undefined, false],
    ['another group', group('b'), undefined, true],
    ['another content', home, 'f'.repeat(64) as ContentId, true]
  ])('%s is refused after the same judgement, and nothing else is said', (_, inGroup, content, ok) => {
    const stage = createStage({ have: 'xxxxxxxx', ideal: false })
    const link = stage.link('b')
    expect(stage.say(link, openBy(stage, 'b', 0, inGroup, content))).toEqual(['admit 1 0'])
    expect(admit(stage, link, 0, ok)).toEqual(['1> refuse 0'])
    expect(stage.say(link, { type: 'want', number: 0, wanted: true })).toEqual([])
  })

  test.each<[string, Message]>([
    ['request', { type: 'request', number: 0, piece: 0, offset: 0, length: leaf }],
    ['cancel', { type: 'cancel', number: 0, piece: 0, offset: 0, length: leaf }],
    ['ask-hashes', { type: 'ask-hashes', number: 0, layer: 0, first: 0, count: 8 }],
    ['block', { type: 'block', number: 0, piece: 0, offset: 0, data: new Uint8Array(leaf) }],
    ['removal', { type: 'removal', number: 0, entry: new Uint8Array(1) }]
  ])('%s before admission ends the link', (type, message) => {
    const stage = createStage({ have: 'xxxxxxxx', ideal: false })
    const link = stage.link('b')
    stage.say(link, openBy(stage, 'b'))
    expect(stage.say(link, message)).toEqual([`unlink 1: The peer broke the protocol: it said ${type} before it was admitted`])
  })

  test('a content that is not here yet is refused, and opened by us when it is here and the peer is sighted', () => {
    const stage = createStage()
    const other = sample(leaf, leaf, 'f')
    const link = stage.link('b')
    expect(stage.say(link, openBy(stage, 'b', 0, home, other.id))).toEqual(['admit 1 0', '1> refuse 0'])
    stage.feed({ type: 'added', content: other.id, manifest: other.manifest, groups: [home], have: new Uint8Array(1), pages: new Uint8Array(1) })
    expect(stage.feed({ type: 'sighted', content: other.id, group: home, peer: 'b' as PeerId })).toEqual(['1> open 0'])
  })
})

describe('refusal', () => {
  const refused = (): Stage => {
    const stage = createStage()
    stage.sight('b')
    stage.link('b', false)
    stage.say(1, { type: 'refuse', number: 0 })
    stage.log()
    return stage
  }

  test('is tried again after about 1, 2, 4 … 30 s, while we want the content', () => {
    const stage = refused()
    const waits: number[] = []
    let last = 0
    let link = 1
    let number = 1
    while (waits.length < 7) {
      for (const line of stage.pass(10)) {
        // between two tries the link may have idled out: then it is dialed again
        if (line.startsWith('unlink')) stage.feed({ type: 'unlinked', link })
        if (line.startsWith('dial')) {
          link = stage.link('b', false)
          number = 0
        }
        if (!/^dial|> open/.test(line)) continue
        waits.push(stage.now - last)
        last = stage.now
        stage.say(link, { type: 'refuse', number: number++ })
      }
    }
    const expected = [1, 2, 4, 8, 16, 30, 30]
    for (const [at, wait] of waits.entries()) {
      const most = (expected[at] ?? 0) * 1000
      expect(wait).toBeGreaterThanOrEqual(most * 0.74)
      expect(wait).toBeLessThanOrEqual(most + 20)
    }
  })

  test('is tried again at once after a sighting or a new credential', () => {
    expect(refused().sight('b')).toEqual(['1> open 1'])
    expect(refused().feed({ type: 'credential', group: home, credential: credentialOf('me', home) })).toEqual(['1> open 1'])
  })

  test('is left to the other side when we have everything', () => {
    const stage = createStage({ have: 'xxxxxxxx' })
    stage.sight('b')
    stage.link('b', false)
    stage.say(1, { type: 'refuse', number: 0 })
    expect(stage.pass(25_000).filter(line => line.includes('open'))).toEqual([])
  })

  test('does not stand in the way when the other side opens', () => {
    const stage = refused()
    expect(stage.say(1, openBy(stage, 'b'))).toEqual(['admit 1 0', '1> open 1', '1> pieces none'])
  })
})

describe('the end of a channel', () => {
  const served = (): Stage => {
    const stage = createStage({ have: 'xxxxxxxx', ideal: false })
    const link = stage.link('b')
    stage.say(link, openBy(stage, 'b'))
    admit(stage, link)
    stage.say(link, { type: 'pieces', number: 0, have: new Uint8Array(0) })
    stage.say(link, { type: 'want', number: 0, wanted: true })
    expect(stage.say(link, { type: 'request', number: 0, piece: 3, offset: 0, length: leaf })).toEqual([`load 1 3:0+${leaf}`])
    stage.log()
    return stage
  }
  const load = (stage: Stage): string[] =>
    stage.feed({ type: 'loaded', link: 1, content: stage.file.id, piece: 3, offset: 0, length: leaf, data: new Uint8Array(leaf) })

  test('a member that was removed hears nothing more, and its link is ended', () => {
    const stage = served()
    expect(stage.feed({ type: 'removed', group: home, peer: 'b' as PeerId })).toEqual(['1> close 0', 'unlink 1: Nothing is shared over it any more.'])
    expect(load(stage)).toEqual([])
    expect(stage.session.view.upBytes).toBe(0)
  })

  test.each([
    ['left', (stage: Stage) => stage.feed({ type: 'left', group: home })],
    ['dropped', (stage: Stage) => stage.feed({ type: 'dropped', content: stage.file.id })],
    ['regrouped', (stage: Stage) => stage.feed({ type: 'regrouped', content: stage.file.id, groups: [group('b')] })]
  ])('%s closes it, and what was being loaded is not sent', (_, end) => {
    const stage = served()
    expect(end(stage)).toEqual(['1> close 0', 'unlink 1: Nothing is shared over it any more.'])
    expect(load(stage)).toEqual([])
  })

  test('a removal from one group leaves what is shared in another', () => {
    const [one, two] = [group('a'), group('b')]
    const stage = createStage({ groups: [one, two] })
    const other = sample(leaf, leaf, 'f')
    stage.feed({ type: 'added', content: other.id, manifest: other.manifest, groups: [two], have: new Uint8Array(1), pages: new Uint8Array(1) })
    const link = stage.link('b')
    stage.say(link, openBy(stage, 'b', 0, one))
    stage.say(link, openBy(stage, 'b', 1, two, other.id))
    stage.log()
    expect(stage.feed({ type: 'removed', group: one, peer: 'b' as PeerId })).toEqual(['1> close 0'])
  })

  test.each([
    ['regrouped', (stage: Stage) => stage.feed({ type: 'regrouped', content: stage.file.id, groups: [group('b')] })],
    ['left', (stage: Stage) => stage.feed({ type: 'left', group: group('a') })]
  ])('%s closes what is shared in that group, and leaves what is shared in another', (_, end) => {
    const [one, two] = [group('a'), group('b')]
    const stage = createStage({ groups: [one, two] })
    const [b, c] = [stage.link('b'), stage.link('c')]
    stage.say(b, openBy(stage, 'b', 0, one))
    stage.say(c, openBy(stage, 'c', 0, two))
    stage.log()
    expect(end(stage)).toEqual(['1> close 0', 'unlink 1: Nothing is shared over it any more.'])
  })

  test('what crosses the end is dropped', () => {
    const stage = served()
    const second = sample(leaf, leaf, 'f')
    stage.feed({ type: 'added', content: second.id, manifest: second.manifest, groups: [home], have: new Uint8Array(1), pages: new Uint8Array(1) })
    stage.say(1, openBy(stage, 'b', 1, home, second.id))
    admit(stage, 1, 1)
    stage.feed({ type: 'dropped', content: stage.file.id })
    stage.log()
    expect(stage.say(1, { type: 'request', number: 0, piece: 3, offset: 0, length: leaf })).toEqual([])
    expect(stage.say(1, { type: 'close', number: 0 })).toEqual([])
    expect(stage.say(1, { type: 'refuse', number: 0 })).toEqual([])
  })

  test('a content that is opened again after a close is exchanged again', () => {
    const stage = createStage()
    stage.source('b', 'xxxxxxxx')
    stage.say(1, { type: 'close', number: 0 })
    stage.log()
    stage.say(1, openBy(stage, 'b', 1))
    stage.say(1, { type: 'pieces', number: 1, have: 'all' })
    stage.say(1, { type: 'choke', number: 1, choked: false })
    expect(stage.log()).toEqual(['admit 1 1', '1> open 1', '1> pieces none', '1> want', ...Array.from({ length: 8 }, (_, piece) => `1> request ${piece}:0+${leaf}`)])
  })

  test('of the groups that two peers share a content in, both choose the first', () => {
    const [one, two] = [group('a'), group('b')]
    const stage = createStage({ groups: [two, one] })
    stage.sight('b', two)
    stage.sight('b', one)
    stage.session.handle({ type: 'linked', link: 9, peer: 'b' as PeerId, inbound: false }, 0)
    expect(stage.session.poll()).toMatchObject({ type: 'send', message: { type: 'open', group: one } })
    expect(stage.session.poll()).toBeUndefined()
  })
})

describe('interest', () => {
  const talk = (lines: string[]): string[] => lines.filter(line => /want$/.test(line))

  test('is shown when they have something that we need, and lost only when they had nothing for a while', () => {
    const stage = createStage({ have: '..' })
    const link = stage.source('a', '..')
    expect(talk(stage.log())).toEqual([])
    expect(talk(stage.say(link, { type: 'have', number: 0, pieces: [0] }))).toEqual(['1> want'])
    expect(talk(stage.give(link, `0:0+${leaf}`))).toEqual([])
    expect(talk(stage.pass(9_000))).toEqual([])
    expect(talk(stage.pass(12_000))).toEqual(['1> unwant'])
    expect(talk(stage.say(link, { type: 'have', number: 0, pieces: [1] }))).toEqual(['1> want'])
  })
})

describe('protocol errors end the link', () => {
  test.each<[string, Message]>([
    ['hello twice', { type: 'hello', features: 0, agent: 'b' }],
    ['never opened channel 7', { type: 'want', number: 7, wanted: true }],
    ['opened channel 0 twice', { type: 'open', number: 0, group: home, content: 'c'.repeat(64) as ContentId, credential: new Uint8Array(1) }],
    ['refuses channel 9', { type: 'refuse', number: 9 }],
    ['told its pieces twice', { type: 'pieces', number: 0, have: 'all' }],
    ['has piece 8 of 8', { type: 'have', number: 0, pieces: [8] }],
    ['nobody asked for', { type: 'block', number: 0, piece: 0, offset: 0, data: new Uint8Array(leaf) }],
    ['rejects 16384 bytes', { type: 'reject', number: 0, piece: 0, offset: 0, length: leaf }],
    ['sent hashes from 0 that nobody asked for', { type: 'hashes', number: 0, layer: 0, first: 0, hashes: new Uint8Array(32), proof: new Uint8Array(0) }],
    ['has no hashes from 0, which nobody asked for', { type: 'no-hashes', number: 0, layer: 0, first: 0, count: 8 }],
    ['asks for 7 hashes from 0', { type: 'ask-hashes', number: 0, layer: 0, first: 0, count: 7 }],
    ['asks for 16384 bytes at 0 of piece 8', { type: 'request', number: 0, piece: 8, offset: 0, length: leaf }],
    ['asks for 16384 bytes at 16384 of piece 0', { type: 'request', number: 0, piece: 0, offset: leaf, length: leaf }],
    ['asks for 5 bytes at 0 of piece 0', { type: 'request', number: 0, piece: 0, offset: 0, length: 5 }],
    ['asks for 0 bytes at 0 of piece 0', { type: 'request', number: 0, piece: 0, offset: 0, length: 0 }]
  ])('it %s', (why, message) => {
    const stage = createStage()
    const link = stage.source('b', '........')
    stage.log()
    const lines = stage.say(link, message)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^unlink 1: The peer broke the protocol: /)
    expect(lines[0]).toContain(why)
  })

  test('pieces of the wrong size, with a spare bit, or after a have', () => {
    for (const messages of [
      [{ type: 'pieces', number: 0, have: new Uint8Array(2) }], [{ type: 'have', number: 0, pieces: [1] }]
    ] as const) {
      const stage = createStage()
      const link = stage.link('b')
      stage.say(link, openBy(stage, 'b'))
      for (const message of messages) expect(stage.say(link, message)[0]).toMatch(/^unlink 1/)
    }
    const short = createStage({ have: '....' })
    const link = short.link('b')
    short.say(link, openBy(short, 'b'))
    expect(short.say(link, { type: 'pieces', number: 0, have: new Uint8Array([0b1111_1000]) })[0]).toMatch(/^unlink 1: .*spare bit/)
  })

  test('the peer is not dialed for half a minute, whatever is sighted', () => {
    const stage = createStage()
    stage.sight('b')
    stage.link('b', false)
    stage.say(1, { type: 'hello', features: 0, agent: '' })
    stage.feed({ type: 'unlinked', link: 1 })
    stage.log()
    expect(stage.sight('b')).toEqual([])
    expect(stage.pass(29_999)).toEqual([])
    expect(stage.pass(2)).toEqual(['dial b'])
  })
})
