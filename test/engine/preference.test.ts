/** Which transport is preferred, in a story of seconds: what each link brings is told, and what is decided is read. */
import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/contract/index.ts'
import { createPreference } from '../../src/engine/preference.ts'
import type { Preference } from '../../src/engine/preference.ts'

const peer = 'p' as PeerId
const MB = 1_000_000
const minute = 60_000

interface Story {
  readonly preference: Preference
  now: number
  /** The transport of the link. */
  transport: string
  /** Lets the link bring so many megabytes per second for so many seconds, and moves it whenever that is decided. @returns the moves, with their second */
  runs (seconds: number, rates: Readonly<Record<string, number>>, wantedBytes?: number): string[]
  /** The other side replaces the link. */
  replaced (transport: string): void
}

const story = (others: readonly string[], transport: string): Story => {
  const preference = createPreference()
  let link = 1
  const self: Story = {
    preference, transport, now: 0,
    runs (seconds, rates, wantedBytes = 1e12) {
      const moves: string[] = []
      for (let second = 1; second <= seconds; second++) {
        self.now += 1_000
        preference.note({ peer, link, transport: self.transport }, (rates[self.transport] ?? 0) * MB, 1_000, self.now)
        const to = preference.move({ peer, link, transport: self.transport, wantedBytes, others }, self.now)
        if (to === undefined) continue
        moves.push(`${second}: ${to}`)
        if (rates[to] === undefined) preference.failed(peer, to, self.now)
        else { preference.held(peer, to); self.replaced(to) }
      }
      return moves
    },
    replaced (to) { self.transport = to; link++ }
  }
  return self
}

describe('a link', () => {
  it('tries another transport once it is judged, and stays where more comes', () => {
    expect(story(['tcp', 'quic'], 'tcp').runs(300, { tcp: 1, quic: 10 })).toEqual(['3: quic'])
  })

  it('goes back when less comes, and leaves the worse one alone for minutes, longer each time', () => {
    const { runs } = story(['tcp', 'quic'], 'tcp')
    const moves = runs(45 * 60, { tcp: 10, quic: 1 }).map(move => Number(move.split(':', 1)[0]))
    expect(moves.slice(0, 2)).toEqual([3, 6])
    const trials = moves.filter((_, i) => i % 2 === 0)
    expect(trials.slice(1).map((at, i) => Math.round((at - (trials[i] ?? 0)) / 60))).toEqual([5, 10, 20])
    expect(moves.map((at, i) => i % 2 === 0 ? 3 : at - (moves[i - 1] ?? 0))).toEqual(moves.map(() => 3))
  })

  it('does not go to and fro for what is within the margin', () => {
    expect(story(['tcp', 'quic'], 'tcp').runs(280, { tcp: 10, quic: 9 })).toEqual(['3: quic'])
    expect(story(['tcp', 'quic'], 'tcp').runs(280, { tcp: 10, quic: 12 })).toEqual(['3: quic'])
  })

  it('stays when little is wanted, or nothing', () => {
    expect(story(['tcp', 'quic'], 'tcp').runs(60, { tcp: 1, quic: 10 }, 7 * MB)).toEqual([])
    expect(story(['tcp', 'quic'], 'tcp').runs(60, { tcp: 0, quic: 10 }, 0)).toEqual([])
  })

  it('stays while the peer owes nothing, which says nothing about the transport', () => {
    const { preference } = story(['tcp', 'quic'], 'tcp')
    for (let now = 1_000; now < minute; now += 1_000) {
      preference.note({ peer, link: 1, transport: 'tcp' }, 0, 0, now)
      expect(preference.move({ peer, link: 1, transport: 'tcp', wantedBytes: 1e12, others: ['tcp', 'quic'] }, now)).toBeUndefined()
    }
    expect(preference.figures(peer)).toEqual([])
  })

  it('stays where there is no other transport', () => {
    expect(story(['tcp'], 'tcp').runs(60, { tcp: 1 })).toEqual([])
  })

  it('leaves a transport whose rate fell for one that was tried', () => {
    const told = story(['tcp', 'quic'], 'tcp')
    expect(told.runs(20, { tcp: 10, quic: 20 })).toEqual(['3: quic'])
    expect(told.runs(20, { tcp: 10, quic: 0.5 })).toHaveLength(1)
    expect(told.transport).toBe('tcp')
  })

  it('does not insist when the other side replaces it again and again', () => {
    const told = story(['tcp', 'quic'], 'tcp')
    let moves = 0
    for (let i = 0; i < 60; i++) {
      moves += told.runs(10, { tcp: 1, quic: 10 }).length
      told.replaced('tcp')
    }
    expect(moves).toBeLessThan(8)
  })

  it('tries a transport that failed again after a minute, then after two, four …', () => {
    const moves = story(['tcp', 'quic'], 'tcp').runs(16 * 60, { tcp: 1 })
    expect(moves).toEqual(['3: quic', '63: quic', '183: quic', '423: quic', '903: quic'])
  })
})

describe('a peer is dialed', () => {
  it('in our order as long as nothing is known', () => {
    expect(createPreference().order(peer, ['quic', 'tcp', 'webrtc'], 0)).toEqual(['quic', 'tcp', 'webrtc'])
  })

  it('first over what brought most, last over what failed just now', () => {
    const { preference, runs } = story(['tcp', 'quic'], 'tcp')
    runs(10, { tcp: 1, quic: 10 })
    preference.failed(peer, 'webrtc', 10_000)
    expect(preference.order(peer, ['webrtc', 'ws', 'tcp', 'quic'], 10_000)).toEqual(['quic', 'tcp', 'ws', 'webrtc'])
    expect(preference.order(peer, ['webrtc', 'tcp', 'quic'], 10 * minute)).toEqual(['webrtc', 'tcp', 'quic'])
  })
})

it('the figures of a peer are what was measured, and what failed since the last success', () => {
  const { preference, runs } = story(['tcp', 'quic'], 'tcp')
  runs(10, { tcp: 2 })
  expect(preference.figures(peer)).toEqual([{ transport: 'tcp', rate: 2 * MB, failures: 0 }, { transport: 'quic', rate: undefined, failures: 1 }])
  preference.held(peer, 'quic')
  expect(preference.figures(peer)).toEqual([{ transport: 'tcp', rate: 2 * MB, failures: 0 }])
  expect(preference.figures('other' as PeerId)).toEqual([])
})

it('at most ten thousand peers are remembered, the longest unused forgotten first', () => {
  const preference = createPreference()
  for (let i = 0; i <= 10_000; i++) preference.failed(`p${i}` as PeerId, 'tcp', i)
  expect([0, 1, 10_000].map(i => preference.figures(`p${i}` as PeerId).length)).toEqual([0, 1, 1])
})
