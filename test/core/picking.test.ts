/**
 * What is asked of whom, as stories of one line. Pieces are of one block. Words of a story: `a=x.x` a is linked and has pieces 0 and 2, `a+1` it gets piece 1,
 * `a:1` it sends piece 1, `a!1` it sends bad data for it, `a/1` it rejects it, `a#` it chokes, `a$` it unchokes, `a-` it is gone, `@9` 9 ms pass.
 * Words of what is done: `a1` piece 1 is asked of a, `a1x` that is cancelled, `unlink a`, and `|` between what the steps bring about.
 */
import { describe, expect, test } from 'vitest'
import type { Selector } from '../../src/contract/index.ts'
import { createStage, leaf } from './stage.ts'
import type { Stage, StageOptions } from './stage.ts'
import { inOrder, rarestFirst } from './swarm.ts'

const tell = (have: string, story: string, options: StageOptions = {}): string => {
  const stage = createStage({ have, ...options })
  const links = new Map<string, number>()
  const name = (link: string): string => [...links].find(([, id]) => id === Number(link))?.[0] ?? '?'
  const step = (word: string): void => {
    const [, peer = '', sign, rest = ''] = /^(\w?)([=+:!/#$@-])(.*)$/.exec(word) ?? []
    const link = links.get(peer) ?? 0
    const piece = Number(rest)
    switch (sign) {
      case '=': links.set(peer, links.size + 1); stage.source(peer, rest); break
      case '+': stage.say(link, { type: 'have', number: 0, pieces: [piece] }); break
      case ':': stage.give(link, `${piece}:0+${leaf}`); break
      case '!': stage.give(link, `${piece}:0+${leaf}`, true); break
      case '/': stage.say(link, { type: 'reject', number: 0, piece, offset: 0, length: leaf }); break
      case '#': stage.say(link, { type: 'choke', number: 0, choked: true }); break
      case '$': stage.say(link, { type: 'choke', number: 0, choked: false }); break
      case '-': stage.feed({ type: 'unlinked', link }); break
      case '@': stage.pass(piece); break
      default: throw new Error(`What is ${word}?`)
    }
  }
  return story.split(' ').map(word => {
    step(word)
    return stage.log().flatMap(line => {
      const [, link = '', what, asked = ''] = /^(\d+)> (request|cancel) (\d+):/.exec(line) ?? []
      if (what !== undefined) return [`${name(link)}${asked}${what === 'cancel' ? 'x' : ''}`]
      const [, ended] = /^unlink (\d+)/.exec(line) ?? []
      return ended === undefined ? [] : [`unlink ${name(ended)}`]
    }).join(' ')
  }).join('|')
}

/** Two requests at a time. */
const two: StageOptions = { maxOwedBytes: 2 * leaf }

describe('where turns are short', () => {
  const wants = (stage: Stage): string[] => stage.log().filter(line => line.includes('want'))

  test('who has nothing to ask of a peer gives its turn back, and wants one again when there is something', () => {
    const stage = createStage({ have: '...', maxOwedBytes: leaf, turnBytes: leaf })
    stage.source('a', 'x..')
    expect(wants(stage)).toEqual(['1> want'])
    stage.source('b', 'x..')
    expect(wants(stage)).toEqual([])
    stage.say(2, { type: 'have', number: 0, pieces: [1] })
    expect(wants(stage)).toEqual(['2> want'])
    stage.give(1, `0:0+${leaf}`)
    expect(wants(stage)).toEqual(['1> unwant'])
  })
})

describe('a piece is asked', () => {
  test.each<[string, string, string, string, StageOptions?]>([
    ['of who has it and nobody else', '....', 'a=x.x.', 'a0 a2'],
    ['not if we have it', 'x.x.', 'a=xxxx', 'a1 a3'],
    ['of one peer only', '......', 'a=xxxxxx b=xxxxxx', 'a0 a1|b2 b3', two],
    ['as soon as a peer has it', '....', 'a=.... a+2', '|a2'],
    ['as soon as the window has room', '.....', 'a=xxxxx a:0 a:1', 'a0 a1|a2|a3', two],
    ['of nobody while choked', '....', 'a=xxxx a:0 a# a$', 'a0 a1|a2||a1 a2', two],
    ['a little later of a peer that choked without having brought anything', '....', 'a=xxxx a# a$ @249 @1', 'a0 a1||||a0 a1', two],
    ['of another when its peer is gone', '.....', 'a=xx... b=xx... a-', 'a0 a1||b0 b1', two],
    ['of another when its peer chokes', '.....', 'a=xx... b=xx... a#', 'a0 a1||b0 b1', two],
    ['of another when its peer rejects it', '.......', 'a=xxxxxx. b=xxxxxx. a/0 b:2 b:3', 'a0 a1|b2 b3||b0|b4', two],
    ['of the same peer again only after a while, and after longer each time', '..', 'a=x. a/0 @9000 @2000', 'a0|||a0'],
    ['of who has everything again after a second', '..', 'a=xx a/0 @900 @200', 'a0 a1|||a0'],
    ['at once of who has everything and rejects another', '......', 'a=xxxxxx a/0 a/1 a:2 a/3', 'a0 a1|a2|a3|a4|a5', two],
    ['a moment later of who rejects another, and later each time', '.......', 'a=xxxxxx. a/0 @249 @1 a/2 @499 @1', 'a0 a1|||a2|||a3', two],
    ['a moment later again, once it brought something', '.......', 'a=xxxxxx. a/0 @250 a:1 a/2 @250', 'a0 a1||a2|a3||a4', two],
    ['again after bad data, of another', '..', 'a=xx b=xx a!0', 'a0 a1||b0 b1'],
    ['first where it is rarest', '....', 'a=x... b=.x.. a+2 a+3 b+2 a:0', 'a0|b1||||a3', { maxOwedBytes: leaf, selector: rarestFirst }],
    ['in order when the selector says so, though it is not the rarest', '....', 'a=x... b=.x.. a+2 a+3 b+2 a:0', 'a0|b1||||a2', { maxOwedBytes: leaf, selector: inOrder }],
    ['in order when the selector says so', '....', 'a=xxx. b=.xxx c=xxxx', 'a0 a1|b2 b3|', { ...two, selector: inOrder }],
    ['twice when its peer falls silent, and cancelled when one of them brings it', '....', 'a=xx.. b=xx.. @2000 b:0 b:1', 'a0 a1||b0 b1|a0x|a1x', two],
    ['twice only if somebody else has it', '..', 'a=xx @2000 b=.x', 'a0 a1||b1'],
    ['once more of a third only when both before are silent', '..', 'a=x. b=x. c=x. @2000 @2000', 'a0|||b0|c0'],
    ['of nobody a fourth time', '..', 'a=x. b=x. c=x. d=x. @2000 @2000 @2000 @2000', 'a0||||b0|c0||'],
    ['not of a silent peer; of it again when it speaks', '....', 'a=xxxx @2000 a:0', 'a0 a1||a2', two],
    ['of the silent peer still: what comes late counts', '..', 'a=xx b=xx @2000 a:0 a:1', 'a0 a1||b0 b1|b0x|b1x'],
    ['twice when its peer only says that it may be asked', '....', 'a=xx.. b=xx.. @1000 a$ @1000', 'a0 a1||||b0 b1', two],
    ['of others when its peer said nothing for a minute, and the link is ended', '..', 'a=xx @59999 @1 b=xx', 'a0 a1||unlink a|b0 b1']
  ])('%s', (_, have, story, expected, options) => { expect(tell(have, story, options)).toBe(expected) })
})

describe('silence', () => {
  test('while our own process did not run says nothing about others', () => {
    const stage = createStage({ have: '..' })
    stage.source('a', 'xx')
    stage.now = 100_000
    expect(stage.feed({ type: 'tick' })).toEqual([])
    expect(stage.pass(59_999)).toEqual([])
    expect(stage.pass(1)).toEqual(['unlink 1: It owed an answer for a minute and sent nothing.'])
  })

  test('of a peer that owed nothing for long is counted from the next request', () => {
    const stage = createStage({ have: '..' })
    const a = stage.source('a', 'x.')
    stage.source('b', 'xx')
    stage.give(a, `0:0+${leaf}`)
    stage.pass(50_000)
    stage.log()
    stage.say(a, { type: 'have', number: 0, pieces: [1] })
    expect(stage.log().filter(line => line.startsWith('unlink 1'))).toEqual([])
  })
})

describe('the last pieces', () => {
  test('are not asked twice of peers that will bring them soon', () => {
    expect(tell('..', 'a=xx b=xx @500 @500')).toBe('a0 a1|||')
  })

  test('are asked of another when their peer brings next to nothing, though it is not silent', () => {
    const stage = createStage({ have: '..' })
    const drip = stage.source('a', 'xx')
    const other = stage.source('b', 'xx')
    stage.log()
    const asked: string[] = []
    for (let second = 0; second < 4; second++) {
      stage.feed({ type: 'heard', link: drip, bytes: 10 })
      asked.push(...stage.pass(1_000))
    }
    expect(asked.sort()).toEqual([`${other}> request 0:0+${leaf}`, `${other}> request 1:0+${leaf}`])
  })

  test('are asked of another when their peer brings everything but them', () => {
    const stage = createStage({ have: '........' })
    const sly = stage.source('a', 'xxxxxxxx')
    const other = stage.source('b', 'x.......')
    stage.log()
    for (let piece = 1; piece < 8; piece++) {
      stage.give(sly, `${piece}:0+${leaf}`)
      stage.pass(400)
    }
    expect(stage.log().filter(line => line.includes('request'))).toEqual([`${other}> request 0:0+${leaf}`])
  })

  test('before that, a slow peer keeps what it began', () => {
    const stage = createStage({ have: '.'.repeat(32), maxOwedBytes: 2 * leaf })
    const drip = stage.source('a', 'x'.repeat(32))
    const other = stage.source('b', 'x'.repeat(32))
    stage.log()
    const asked: string[] = []
    for (let second = 0; second < 10; second++) {
      stage.feed({ type: 'heard', link: drip, bytes: 10 })
      asked.push(...stage.give(other, `${2 + second}:0+${leaf}`), ...stage.pass(1_000))
    }
    expect(asked.filter(line => / [01]:/.test(line))).toEqual([])
  })
})

describe('a selector', () => {
  const choosing = (select: Selector['select']): StageOptions => ({ ...two, selector: { select } })

  test('really decides', () => {
    expect(tell('........', 'a=xxxxxxxx a:7', choosing(view => [...view.byIndex()].reverse()))).toBe('a7 a6|a5')
  })

  test('that names what is no candidate is told of once, and not followed', () => {
    const stage = createStage({ have: 'x...', ...choosing(() => [0, 9, -1, 0.5, 3, 3, 2]) })
    stage.source('a', 'xxxx')
    expect(stage.log().filter(line => /request|misselected/.test(line))).toEqual(['emit misselected 0', `1> request 3:0+${leaf}`, `1> request 2:0+${leaf}`])
  })

  test('that names nothing is asked again after a second', () => {
    let calls = 0
    expect(tell('..', 'a=xx @900 @200', choosing(() => ++calls < 2 ? [] : [1]))).toBe('||a1')
  })

  test('that never ends is not listened to for ever', () => {
    const stage = createStage(choosing(function * () { for (;;) yield 99 }))
    stage.source('a', 'xxxxxxxx')
    expect(stage.log().filter(line => line.includes('request'))).toEqual([])
  })

  test('sees only pieces that we need and the peer has, rarest first, with their availability', () => {
    const seen: { rarest: number[], inOrder: number[], availability: number[], owned: number, pieces: number }[] = []
    const stage = createStage({ have: 'x.......', ...choosing(view => {
      const rarest = [...view.byRarity()]
      seen.push({ rarest, inOrder: [...view.byIndex()], availability: rarest.map(piece => view.availability(piece)), owned: view.owned, pieces: view.pieces })
      return []
    }) })
    stage.source('a', 'xxxxxxxx')
    stage.source('b', 'xxxx....')
    stage.source('c', 'xx......')
    stage.source('d', 'xxxx.x..')
    const last = seen.at(-1)
    expect(last).toMatchObject({ inOrder: [1, 2, 3, 5], owned: 1, pieces: 8, availability: [2, 3, 3, 4] })
    expect(last?.rarest[0]).toBe(5)
    expect(last?.rarest[3]).toBe(1)
  })
})
