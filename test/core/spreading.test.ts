/** Who has everything gives each piece once before any twice, and starves nobody by it. */
import { describe, expect, test } from 'vitest'
import { createStage, leaf } from './stage.ts'
import type { Stage, StageOptions } from './stage.ts'

const a = 1
const b = 2

/** Two peers that have nothing yet, and want what we have. */
const sharer = (options: StageOptions = {}): Stage => {
  const stage = createStage({ have: 'xxxx', ...options })
  for (const peer of ['a', 'b']) stage.reader(peer)
  stage.log()
  return stage
}

/** What it answers: given or rejected. */
const ask = (stage: Stage, link: number, piece: number): string =>
  stage.say(link, { type: 'request', number: 0, piece, offset: 0, length: leaf }).filter(line => line.startsWith(`${link}> `)).map(line => line.split(' ')[1]).join(' ')

const tell = (stage: Stage, link: number, ...pieces: number[]): void => { stage.say(link, { type: 'have', number: 0, pieces }) }

describe('who has everything', () => {
  test('gives what nobody was given to whoever asks, and the rest of the piece to the same', () => {
    const stage = sharer()
    expect([ask(stage, a, 0), ask(stage, a, 0), ask(stage, b, 1)]).toEqual(['block', 'block', 'block'])
  })

  test('rejects what another is being given, or told of, while there is more', () => {
    const stage = sharer()
    ask(stage, a, 0)
    expect(ask(stage, b, 0)).toBe('reject')
    tell(stage, a, 0)
    expect(ask(stage, b, 0)).toBe('reject')
  })

  test('gives anything once it gave everything and nothing is on its way', () => {
    const stage = sharer()
    for (const piece of [0, 1, 2, 3]) ask(stage, a, piece)
    tell(stage, a, 0, 1, 2)
    expect(ask(stage, b, 0)).toBe('reject')
    tell(stage, a, 3)
    expect(ask(stage, b, 0)).toBe('block')
  })

  test('waits at the end for nobody who never told of a piece', () => {
    const stage = sharer()
    for (const piece of [0, 1, 2, 3]) ask(stage, a, piece)
    expect(ask(stage, b, 0)).toBe('block')
  })

  test('keeps no more than 16 pieces back for who asks for everything and never tells', () => {
    const stage = sharer({ have: 'x'.repeat(40) })
    for (let piece = 0; piece < 20; piece++) ask(stage, a, piece)
    expect([15, 16, 19].map(piece => ask(stage, b, piece))).toEqual(['reject', 'block', 'block'])
  })

  test('gives it again when its peer is gone, or does not tell of it in time', () => {
    const gone = sharer()
    ask(gone, a, 0)
    tell(gone, a, 0)
    gone.feed({ type: 'unlinked', link: a })
    expect(ask(gone, b, 0)).toBe('block')
    const late = sharer()
    ask(late, a, 0)
    late.pass(5_000)
    expect(ask(late, b, 0)).toBe('reject')
    late.pass(10_000)
    expect(ask(late, b, 0)).toBe('block')
  })

  test('waits for news only as long as news took before', () => {
    const stage = sharer({ have: 'x'.repeat(64) })
    for (let piece = 0; piece < 60; piece++) {
      ask(stage, a, piece)
      tell(stage, a, piece)
    }
    ask(stage, a, 60)
    stage.pass(2_000)
    expect(ask(stage, b, 60)).toBe('block')
  })

  test('serves whoever was sent away 24 times in a row', () => {
    const stage = sharer()
    ask(stage, a, 0)
    for (let time = 0; time < 24; time++) expect(ask(stage, b, 0)).toBe('reject')
    expect(ask(stage, b, 0)).toBe('block')
  })
})

test('who has not everything itself gives whatever it is asked for', () => {
  const stage = sharer({ have: 'xxx.' })
  ask(stage, a, 0)
  expect(ask(stage, b, 0)).toBe('block')
})
