/** Who is dialed and when, and which of two links is kept. */
import { describe, expect, test } from 'vitest'
import type { PeerId } from '../../src/contract/index.ts'
import { createStage } from './stage.ts'
import type { Stage } from './stage.ts'
import { createSwarm, credentialOf, home, sample } from './swarm.ts'

const undialed = (stage: Stage, peer: string): string[] => stage.feed({ type: 'undialed', peer: peer as PeerId })
const unlinked = (stage: Stage, link: number): string[] => stage.feed({ type: 'unlinked', link })

/** Milliseconds until something is done. */
const waitFor = (stage: Stage, text: string): number => {
  const from = stage.now
  while (stage.now < from + 100_000) if (stage.pass(1).includes(text)) return stage.now - from
  return Infinity
}

describe('dialing', () => {
  test('a peer that cannot be reached is dialed again after 0.5, 1, 2 … 30 s, each up to half shorter', () => {
    const stage = createStage()
    stage.sight('b')
    const waits = Array.from({ length: 9 }, () => {
      undialed(stage, 'b')
      return waitFor(stage, 'dial b')
    })
    for (const [at, wait] of waits.entries()) {
      const most = Math.min(30_000, 500 * 2 ** at)
      expect(wait).toBeGreaterThanOrEqual(most / 2)
      expect(wait).toBeLessThanOrEqual(most + 1)
    }
    expect(new Set(waits.map((wait, at) => wait / 2 ** at)).size).toBeGreaterThan(3)
  })

  test('a new sighting ends the wait', () => {
    const stage = createStage()
    stage.sight('b')
    for (let times = 0; times < 5; times++) {
      undialed(stage, 'b')
      waitFor(stage, 'dial b')
    }
    undialed(stage, 'b')
    expect(stage.sight('b')).toEqual(['dial b'])
    undialed(stage, 'b')
    expect(waitFor(stage, 'dial b')).toBeLessThanOrEqual(501)
  })

  test('a peer is dialed once, however often it is sighted', () => {
    const stage = createStage()
    stage.sight('b')
    stage.sight('b')
    expect(stage.log()).toEqual(['dial b'])
    stage.link('b', false)
    stage.log()
    expect(stage.sight('b')).toEqual([])
  })

  test('who has everything leaves the dial to who wants it for half a second: two dials that cross cost both twice the handshakes', () => {
    const stage = createStage({ have: 'xxxxxxxx' })
    expect(stage.sight('b')).toEqual([])
    expect(stage.pass(499)).toEqual([])
    expect(stage.pass(2)).toEqual(['dial b'])
    const dialed = createStage({ have: 'xxxxxxxx' })
    dialed.sight('b')
    dialed.link('b')
    dialed.log()
    expect(dialed.pass(10_000)).toEqual([])
    expect(createStage({ have: 'xxxxxxx.' }).sight('b')).toEqual(['dial b'])
  })

  test('a wait for the other side is not begun anew by another sighting', () => {
    const stage = createStage({ have: 'xxxxxxxx' })
    stage.sight('b')
    stage.pass(400)
    stage.sight('b')
    expect(stage.pass(101)).toEqual(['dial b'])
  })

  test('we are not dialed by ourselves', () => { expect(createStage().sight('me')).toEqual([]) })

  test('a lost link is dialed again, at once if it had lasted', () => {
    const stage = createStage()
    stage.sight('b')
    stage.link('b', false)
    stage.pass(11_000)
    expect(unlinked(stage, 1)).toEqual(['dial b'])
    stage.link('b', false)
    stage.log()
    expect(unlinked(stage, 2)).toEqual([])
    expect(waitFor(stage, 'dial b')).toBeLessThanOrEqual(501)
  })

  test('a peer that only we can serve is left alone after ten dials, one that we need is not', () => {
    for (const [have, most] of [['xxxxxxxx', 10], ['........', 250]] as const) {
      const stage = createStage({ have })
      let dials = stage.sight('b').length
      for (let wait = undialed(stage, 'b').length; wait !== Infinity && dials < 300; dials++) {
        wait = waitFor(stage, 'dial b')
        if (wait === Infinity) break
        undialed(stage, 'b')
      }
      expect(dials).toBe(most)
    }
  })

  test('no more links are dialed or kept than allowed; one that nobody needs makes place', () => {
    const stage = createStage({ maxLinks: 2 })
    stage.link('a')
    stage.sight('b')
    expect(stage.sight('c')).toEqual([])
    undialed(stage, 'b')
    stage.log()
    expect(stage.link('d')).toBe(2)
    expect(stage.link('e')).toBe(3)
    expect(stage.log()).toEqual(['unlink 3: There are too many links.'])
    const full = createStage({ maxLinks: 1 })
    const other = sample(8, 16_384, 'f')
    full.feed({ type: 'added', content: other.id, manifest: other.manifest, groups: [home], have: new Uint8Array([0x80]), pages: new Uint8Array([0x80]) })
    full.feed({ type: 'sighted', content: other.id, group: home, peer: 'a' as PeerId })
    full.link('a')
    undialed(full, 'a')
    full.say(1, { type: 'open', number: 0, group: home, content: other.id, credential: credentialOf('a', home) })
    full.say(1, { type: 'pieces', number: 0, have: 'all' })
    full.pass(5_000)
    full.log()
    expect(full.sight('b')).toEqual(['unlink 1: Its place is needed.'])
    expect(unlinked(full, 1)).toEqual([])
    expect(full.pass(5_001)).toEqual(['dial b'])
  })
})

describe('a link', () => {
  test('on which nothing is open for 30 s is ended; one in use is not', () => {
    const stage = createStage()
    stage.link('a')
    stage.source('b', 'x.......')
    stage.log()
    expect(stage.pass(29_999)).toEqual([])
    expect(stage.pass(2)).toEqual(['unlink 1: Nothing was open on it for a while.'])
    expect(stage.pass(31_000).filter(line => line.includes('open'))).toEqual([])
  })

  test('that leads to ourselves is ended', () => {
    const stage = createStage()
    stage.link('me')
    expect(stage.log()).toEqual(['unlink 1: It leads to ourselves.'])
  })
})

describe('of two links to one peer', () => {
  test.each([
    // we are "me": a is lower, z is higher
    ['z', false, true, 2, 'ours came first and stays: we are the lower'],
    ['z', true, false, 1, 'ours came second and stays: we are the lower'],
    ['a', false, true, 1, 'theirs came second and stays: they are the lower'],
    ['a', true, false, 2, 'theirs came first and stays: they are the lower'],
    ['z', true, true, 1, 'the same side dialed twice: the newer stays'],
    ['a', false, false, 1, 'the same side dialed twice: the newer stays']
  ])('with %s: first inbound %s, second inbound %s, link %i is ended: %s', (peer, first, second, ended) => {
    const stage = createStage()
    stage.link(peer, first)
    stage.link(peer, second)
    expect(stage.log()).toEqual([`unlink ${ended}: There is another link to this peer.`])
  })

  test('the newer stays when the older is no crossing dial: one side has lost it', () => {
    const stage = createStage()
    stage.link('z', false)
    stage.pass(16_000)
    stage.link('z', true)
    expect(stage.log()).toEqual(['unlink 1: There is another link to this peer.'])
  })

  test('the one that is dialed again by who was turned down stays: who has the older one does not dial', () => {
    const stage = createStage()
    stage.link('z', false)
    stage.link('z', true)
    expect(stage.log()).toEqual(['unlink 2: There is another link to this peer.'])
    stage.feed({ type: 'unlinked', link: 2 })
    stage.link('z', true)
    expect(stage.log()).toEqual(['unlink 1: There is another link to this peer.'])
  })

  test('the newer is asked for all that the older was asked for and did not bring, and for nothing else', () => {
    const stage = createStage()
    const { id: content } = stage.file
    const requests = (lines: readonly string[], link: number): string[] => lines.filter(line => line.startsWith(`${link}> request`)).map(line => line.slice(`${link}> request `.length))
    const older = stage.source('a', 'xxxxxxxx')
    const asked = requests(stage.log(), older)
    expect(asked.length).toBeGreaterThan(1)
    const [brought = '', ...owed] = asked
    const more = requests(stage.give(older, brought), older)
    const newer = stage.link('a')
    expect(stage.log()).toContain(`unlink ${older}: There is another link to this peer.`)
    stage.feed({ type: 'unlinked', link: older })
    stage.say(newer, { type: 'open', number: 0, group: home, content, credential: credentialOf('a', home) })
    stage.say(newer, { type: 'pieces', number: 0, have: 'all' })
    stage.say(newer, { type: 'choke', number: 0, choked: false })
    const again: string[] = []
    for (let next = requests(stage.log(), newer); next.length > 0; next = requests(stage.log(), newer)) {
      again.push(...next)
      for (const range of next) stage.give(newer, range)
    }
    expect(new Set(again).size).toBe(again.length)
    expect(again).toEqual(expect.arrayContaining([...owed, ...more]))
    expect(again).not.toContain(brought)
    expect(stage.session.view.transfer(content)?.complete).toBe(true)
  })

  test('both sides keep the same one, whatever the latencies, and the download goes on', () => {
    for (let seed = 0; seed < 40; seed++) {
      const swarm = createSwarm({ seed, latencyMs: random => 1 + random.below(300) })
      const file = sample(4 * 16_384, 16_384)
      const [a, b] = [swarm.node('a', { has: 'all' }), swarm.node('b')]
      a.take(file)
      b.take(file)
      swarm.after(swarm.random.below(300), () => { a.sight(file, 'b') })
      swarm.after(swarm.random.below(300), () => { b.sight(file, 'a') })
      expect(swarm.run(20_000, () => b.isComplete(file))).toBe(true)
      swarm.run(swarm.now + 1_000)
      expect(swarm.links, `seed ${seed}`).toBe(2)
    }
  })
})
