/** Who is blamed for bad data, and who is not. */
import { describe, expect, test } from 'vitest'
import { credentialOf, home, sample } from './swarm.ts'
import { createStage, leaf } from './stage.ts'
import type { Stage } from './stage.ts'

/** One piece of four blocks, asked block by block. */
const onePiece = (): Stage => createStage({ file: sample(4 * leaf, 4 * leaf), have: '.', maxRequestBytes: leaf, maxOwedBytes: 2 * leaf })
const range = (block: number): string => `0:${block * leaf}+${leaf}`
const blamed = (stage: Stage): string[] => stage.log().filter(line => line.startsWith('emit blamed'))

describe('a bad piece', () => {
  test('that came from one peer is proof: its channel is closed, it is not asked again, and what it opens is refused', () => {
    const stage = createStage({ have: '..' })
    const link = stage.source('a', 'xx')
    stage.log()
    expect(stage.give(link, `0:0+${leaf}`, true)).toEqual(['verify 0', 'emit blamed a', '1> close 0'])
    expect(stage.say(link, { type: 'open', number: 1, group: home, content: stage.file.id, credential: credentialOf('a', home) })).toEqual(['admit 1 1', '1> refuse 1'])
    expect(stage.sight('a')).toEqual([])
    expect(stage.session.view.transfer(stage.file.id)).toMatchObject({ fetchedBytes: leaf, wastedBytes: leaf, haveBytes: 0 })
  })

  /** There is one piece only, so they share it: a brings blocks 0 and 1, b the rest. */
  const shared = (stage: Stage, spoiler: 'a' | 'b' | 'both' | 'nobody'): { a: number, b: number } => {
    const a = stage.source('a', 'x')
    const b = stage.source('b', 'x')
    stage.give(a, range(0), spoiler === 'a' || spoiler === 'both')
    stage.give(a, range(1))
    stage.pass(2_000)
    stage.give(b, range(2), spoiler === 'b' || spoiler === 'both')
    stage.give(b, range(3))
    return { a, b }
  }

  test.each(['a', 'b', 'both'] as const)('that came from two, of whom %s sent bad data: nobody is blamed yet, and all of it is asked again of one', spoiler => {
    const stage = onePiece()
    const { a, b } = shared(stage, spoiler)
    const lines = stage.log()
    expect(lines.filter(line => line.startsWith('emit'))).toEqual([])
    const again = lines.slice(lines.indexOf('verify 0') + 1).filter(line => line.includes('request'))
    expect(new Set(again.map(line => line.slice(0, 1))).size).toBe(1)
    expect([a, b]).toContain(Number(again[0]?.slice(0, 1)))
  })

  /** Whoever is asked brings the whole piece. @returns who that was */
  const bringAll = (stage: Stage, link: number, spoil = false): void => {
    for (let block = 0; block < 4; block++) stage.give(link, range(block), spoil && block === 1)
  }

  test('when it verifies, who had sent something else is blamed, and nobody else', () => {
    for (const spoiler of ['a', 'b', 'both'] as const) {
      const stage = onePiece()
      const { b } = shared(stage, spoiler)
      // a still owes what b brought in its place, so b is asked
      expect(stage.log().filter(line => line.includes('request')).at(-1)).toMatch(/^2>/)
      bringAll(stage, b)
      const expected = spoiler === 'both' ? ['emit blamed a', 'emit blamed b'] : [`emit blamed ${spoiler}`]
      expect(blamed(stage)).toEqual(expected)
      expect(stage.session.view.transfer(stage.file.id)?.complete).toBe(true)
    }
  })

  test('that fails again from one peer is proof against that one; the rest is found out when it verifies', () => {
    const stage = onePiece()
    const { b } = shared(stage, 'a')
    bringAll(stage, b, true)
    expect(blamed(stage)).toEqual(['emit blamed b'])
    const c = stage.source('c', 'x')
    bringAll(stage, c)
    expect(blamed(stage)).toEqual(['emit blamed a'])
  })

  test('that must come from one peer is begun anew when that peer is gone', () => {
    const stage = onePiece()
    const { b } = shared(stage, 'a')
    stage.give(b, range(0))
    stage.log()
    const c = stage.source('c', 'x')
    stage.feed({ type: 'unlinked', link: b })
    expect(stage.log().filter(line => line.includes('request'))).toEqual([`${c}> request ${range(0)}`, `${c}> request ${range(1)}`])
    bringAll(stage, c)
    expect(blamed(stage)).toEqual(['emit blamed a'])
  })

  test('that must come from one peer is taken from one that dawdles, and given to one that does not', () => {
    const stage = onePiece()
    const { b } = shared(stage, 'a')
    const c = stage.source('c', 'x')
    stage.log()
    for (let second = 0; second < 8; second++) {
      stage.feed({ type: 'heard', link: b, bytes: 10 })
      stage.pass(1_000)
    }
    const asked = stage.log().filter(line => line.includes('request'))
    expect(asked).toEqual([`${c}> request ${range(0)}`, `${c}> request ${range(1)}`])
  })

  test('what else came from who is blamed is fetched again, before it spoils another piece', () => {
    const stage = createStage({ file: sample(4 * leaf, 2 * leaf), have: '..', maxRequestBytes: leaf })
    const a = stage.source('a', 'xx')
    const b = stage.source('b', 'xx')
    stage.give(a, `1:0+${leaf}`, true)
    stage.give(a, `0:0+${leaf}`, true)
    stage.log()
    stage.give(a, `0:${leaf}+${leaf}`)
    expect(stage.log()).toEqual(expect.arrayContaining(['emit blamed a', `${b}> request 0:0+${leaf}`, `${b}> request 1:0+${leaf}`]))
    for (const block of [`0:0+${leaf}`, `0:${leaf}+${leaf}`, `1:0+${leaf}`, `1:${leaf}+${leaf}`]) stage.give(b, block)
    expect(stage.session.view.transfer(stage.file.id)).toMatchObject({ complete: true, wastedBytes: 3 * leaf, fetchedBytes: 7 * leaf })
  })
})

describe('bad hashes', () => {
  test('are blamed on who sent them, and the page is asked of another', () => {
    const stage = createStage({ pagesKnown: false })
    const a = stage.source('a', 'xxxxxxxx')
    stage.source('b', 'xxxxxxxx')
    stage.log()
    stage.say(a, { type: 'hashes', number: 0, layer: 0, first: 0, hashes: new Uint8Array(8 * 32), proof: new Uint8Array(0) })
    expect(stage.log()).toEqual(['prove 1 0', 'emit blamed a', '1> close 0', '2> ask-hashes 0+8'])
  })
})

describe('bytes by peer', () => {
  test('are those of verified blocks, by who sent each', () => {
    const stage = onePiece()
    const a = stage.source('a', 'x')
    const b = stage.source('b', 'x')
    stage.give(a, range(0))
    stage.feed({ type: 'unlinked', link: a })
    for (const block of [2, 3]) stage.give(b, range(block))
    expect(stage.session.view.transfer(stage.file.id)?.bytesByPeer).toEqual(new Map())
    stage.give(b, range(1))
    expect(stage.session.view.transfer(stage.file.id)?.bytesByPeer).toEqual(new Map([['a', leaf], ['b', 3 * leaf]]))
  })
})
