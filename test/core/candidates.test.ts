/** The candidates of one peer: against a plain model, and counted looks at what the peer has, which must not grow with the content. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bits } from '../../src/core/bits.ts'
import type { Bits } from '../../src/core/bits.ts'
import { candidates } from '../../src/core/candidates.ts'
import { random } from '../../src/core/random.ts'
import { rarity } from '../../src/core/rarity.ts'

const ready = (pieces: number) => {
  const order = rarity(pieces, random(1))
  for (let piece = 0; piece < pieces; piece++) order.missing.add(piece)
  order.addAll(Array.from({ length: pieces }, (_, piece) => piece))
  return order
}

describe('the candidates of a peer', () => {
  const step = fc.record({ what: fc.constantFrom('gain', 'begin', 'giveBack', 'givePage', 'spread'), piece: fc.nat(1_999) })

  test('are those that it has, each once, rarest first where there are few; whatever came and went', () => {
    fc.assert(fc.property(fc.constantFrom(40, 600, 2_000), fc.array(step, { maxLength: 300 }), fc.nat(), (pieces, steps, seed) => {
      const order = ready(pieces)
      const theirs = bits(pieces)
      const tested = candidates(order, theirs, random(seed))
      const offer = (piece: number): void => { order.add(piece); if (theirs.has(piece)) tested.put(piece) }
      for (const { what, piece: at } of steps) {
        const piece = at % pieces
        if (what === 'gain' && theirs.add(piece)) { order.more(piece); if (order.has(piece)) tested.put(piece) }
        if (what === 'begin') order.remove(piece)
        if (what === 'giveBack' && !order.has(piece)) offer(piece)
        if (what === 'givePage') {
          for (let given = piece; given < Math.min(pieces, piece + 20); given++) order.add(given)
          tested.putAll(piece, Math.min(pieces, piece + 20))
        }
        if (what === 'spread') order.more(piece)
        const expected = [...theirs.from(0)].filter(order.has)
        expect(tested.any()).toBe(expected.length > 0)
        const named = [...tested.byRarity()]
        expect([...named].sort((a, b) => a - b)).toEqual(expected)
        expect([...tested.byIndex()]).toEqual(expected)
        if (expected.length < 128) expect(named.map(order.placeOf)).toEqual(named.map(order.placeOf).sort((a, b) => a - b))
      }
    }), { numRuns: 60 })
  })

  /** Reads of what the peer has, for each of the choices. */
  const looksPerChoice = (pieces: number, has: (piece: number) => boolean, isBegun: (piece: number) => boolean): number => {
    const order = ready(pieces)
    const theirs = bits(pieces)
    for (let piece = 0; piece < pieces; piece++) {
      if (has(piece)) theirs.add(piece)
      if (isBegun(piece)) order.remove(piece)
    }
    order.moreOf(theirs)
    // what only others have stands before what it has
    for (let piece = 0; piece < pieces; piece++) order.more(piece)
    let looks = 0
    const counted: Bits = {
      ...theirs,
      has (piece) { looks++; return theirs.has(piece) },
      next (first, others) {
        const found = theirs.next(first, others)
        looks += 1 + (found - first) / 32
        return found
      }
    }
    const tested = candidates(order, counted, random(3))
    let choices = 0
    for (; choices < 150 && tested.any(); choices++) {
      const [piece] = tested.byRarity()
      if (piece === undefined) break
      order.remove(piece)
    }
    expect(choices).toBe(150)
    return looks / choices
  }

  test.each<[string, (piece: number) => boolean, (piece: number) => boolean]>([
    ['one in fifty', piece => piece % 50 === 0, () => false],
    ['every other', piece => piece % 2 === 0, () => false],
    ['the last thousand', piece => piece >= 9_000 && piece < 10_000, () => false],
    ['many, of which nearly all are begun', piece => piece % 2 === 0, piece => piece % 2 === 0 && piece >= 1_000]
  ])('cost no more looks for a million pieces than for ten thousand: of a peer with %s', (_, has, isBegun) => {
    expect(looksPerChoice(1_000_000, has, isBegun)).toBeLessThan(2 * looksPerChoice(10_000, has, isBegun) + 300)
  })
})
