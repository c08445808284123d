/** From a whole piece to one that is had: verified, stored, told; and what happens when storage fails. */
import { describe, expect, test } from 'vitest'
import type { ErrorCode } from '../../src/contract/index.ts'
import { createStage, leaf } from './stage.ts'
import type { Stage } from './stage.ts'
import { home, sample } from './swarm.ts'

const block = (piece: number): string => `${piece}:0+${leaf}`

describe('a piece', () => {
  test('is verified, then stored, and only then told, to everybody', () => {
    const stage = createStage({ have: '..', ideal: false })
    const answer = (ok: boolean): void => { for (const link of [1, 2]) stage.feed({ type: 'admitted', link, number: 0, ok }) }
    stage.source('a', 'x.')
    stage.source('b', '..')
    answer(true)
    stage.log()
    expect(stage.give(1, block(0))).toEqual(['verify 0'])
    expect(stage.session.view.downBytes).toBe(leaf)
    expect(stage.feed({ type: 'verified', content: stage.file.id, piece: 0, ok: true })).toEqual(['store 0'])
    expect(stage.session.view.transfer(stage.file.id)?.haveBytes).toBe(0)
    expect(stage.feed({ type: 'stored', content: stage.file.id, piece: 0 })).toEqual(['emit piece 0', '1> have 0', '2> have 0'])
    expect(stage.session.view).toMatchObject({ downBytes: 0 })
    expect(stage.session.view.transfer(stage.file.id)?.haveBytes).toBe(leaf)
  })

  test('that nobody verified or stored is not had, whatever answers come', () => {
    const stage = createStage({ have: '..', ideal: false })
    for (const input of [
      { type: 'verified', content: stage.file.id, piece: 0, ok: true }, { type: 'stored', content: stage.file.id, piece: 0 },
      { type: 'unstored', content: stage.file.id, piece: 0, code: 'STORAGE_FULL', retry: true }
    ] as const) expect(stage.feed(input)).toEqual([])
    expect(stage.session.view.transfer(stage.file.id)?.haveBytes).toBe(0)
  })

  test('the last one completes the content: nothing more is wanted, and it is served', () => {
    const stage = createStage({ have: 'x.' })
    const link = stage.source('a', '.x')
    stage.log()
    stage.give(link, block(1))
    expect(stage.log()).toEqual(['verify 1', 'store 1', 'emit piece 1', 'emit complete', '1> unwant', '1> have 1'])
    stage.say(link, { type: 'want', number: 0, wanted: true })
    expect(stage.say(link, { type: 'request', number: 0, piece: 1, offset: 0, length: leaf })).toEqual([`load 1 ${block(1)}`, `1> block ${block(1)}`])
  })

  test.each([['of no bytes', 0, ''], ['that is all there', 3 * leaf, 'xxx']])('a content %s is complete at once', (_, length, have) => {
    const stage = createStage({ file: sample(length, leaf) })
    const lines = stage.feed({ type: 'added', content: stage.file.id, manifest: stage.manifest, groups: [], have: new Uint8Array(have === '' ? [] : [0xe0]), pages: new Uint8Array(have === '' ? [] : [0x80]) })
    expect(lines).toEqual(['emit complete'])
    expect(stage.session.view.transfer(stage.file.id)).toMatchObject({ complete: true, haveBytes: length })
  })

  test('sizes around a block and a piece are asked, stored and counted to the byte', () => {
    for (const length of [1, leaf - 1, leaf, leaf + 1, 2 * leaf - 1, 2 * leaf, 2 * leaf + 1, 5 * leaf + 7]) {
      const stage = createStage({ file: sample(length, 2 * leaf), have: '...', maxRequestBytes: leaf })
      const pieces = Math.ceil(length / (2 * leaf))
      const link = stage.source('a', 'x'.repeat(pieces))
      for (let asked = stage.log(); asked.some(line => line.includes('request')); asked = stage.log()) {
        for (const line of asked) if (line.includes('request')) stage.give(link, line)
      }
      expect(stage.session.view.transfer(stage.file.id)).toMatchObject({ complete: true, haveBytes: length, fetchedBytes: length, wastedBytes: 0 })
    }
  })
})

describe('storage', () => {
  /** Of four pieces, two came and are being stored. */
  const storing = (): Stage => {
    const stage = createStage({ have: '....', ideal: false, maxOwedBytes: 2 * leaf })
    stage.source('a', 'xxxx')
    stage.feed({ type: 'admitted', link: 1, number: 0, ok: true })
    for (const piece of [0, 1]) {
      stage.give(1, block(piece))
      stage.feed({ type: 'verified', content: stage.file.id, piece, ok: true })
    }
    stage.log()
    return stage
  }
  const unstored = (stage: Stage, piece: number, code: ErrorCode, retry: boolean): string[] =>
    stage.feed({ type: 'unstored', content: stage.file.id, piece, code, retry })

  test('that is full is told once; the pieces are kept, and one is tried every 2 s', () => {
    const stage = storing()
    expect(unstored(stage, 0, 'STORAGE_FULL', true)).toEqual(['emit stalled STORAGE_FULL'])
    expect(unstored(stage, 1, 'STORAGE_FULL', true)).toEqual([])
    expect(stage.session.view.downBytes).toBe(4 * leaf)
    expect(stage.pass(1_999)).toEqual([])
    expect(stage.pass(1)).toEqual(['store 0'])
    expect(unstored(stage, 0, 'STORAGE_FULL', true)).toEqual([])
    expect(stage.pass(2_000)).toEqual(['store 1'])
  })

  test('while it is full nothing new is begun, but what was begun comes to its end', () => {
    const stage = createStage({ have: '......', ideal: false, maxOwedBytes: 2 * leaf })
    const link = stage.source('a', 'xxxxxx')
    stage.feed({ type: 'admitted', link, number: 0, ok: true })
    stage.give(link, block(0))
    stage.feed({ type: 'verified', content: stage.file.id, piece: 0, ok: true })
    stage.log()
    unstored(stage, 0, 'STORAGE_FULL', true)
    stage.give(link, block(1))
    stage.give(link, block(2))
    expect(stage.log()).toEqual(['emit stalled STORAGE_FULL', 'verify 1', 'verify 2'])
  })

  test('that works again is told, stores what waited, and the download goes on', () => {
    const stage = storing()
    unstored(stage, 0, 'STORAGE_FULL', true)
    unstored(stage, 1, 'STORAGE_FULL', true)
    stage.give(1, block(2))
    stage.give(1, block(3))
    stage.pass(2_000)
    stage.log()
    expect(stage.feed({ type: 'stored', content: stage.file.id, piece: 0 })).toEqual(['emit piece 0', 'emit stalled no more', 'store 1', '1> have 0'])
  })

  test('that failed a thousand times goes on as if it had not', () => {
    const stage = storing()
    unstored(stage, 0, 'STORAGE_FULL', true)
    stage.feed({ type: 'stored', content: stage.file.id, piece: 1 })
    unstored(stage, 0, 'STORAGE_FULL', true)
    for (let times = 0; times < 1_000; times++) {
      stage.pass(2_000)
      unstored(stage, 0, 'STORAGE_FULL', true)
    }
    stage.pass(2_000)
    stage.feed({ type: 'stored', content: stage.file.id, piece: 0 })
    stage.log()
    stage.source('b', 'xxxx')
    stage.feed({ type: 'admitted', link: 2, number: 0, ok: true })
    expect(stage.log().filter(line => line.includes('request'))).toHaveLength(2)
  })

  test('that fails for good fails the content: nothing more is asked, everything is given back, what we have is served', () => {
    const stage = storing()
    stage.feed({ type: 'stored', content: stage.file.id, piece: 0 })
    stage.log()
    const lines = unstored(stage, 1, 'STORAGE_FAILED', false)
    expect(lines).toEqual(['emit failed STORAGE_FAILED', `1> cancel ${block(2)}`, `1> cancel ${block(3)}`, '1> unwant'])
    expect(stage.session.view.downBytes).toBe(0)
    stage.say(1, { type: 'want', number: 0, wanted: true })
    expect(stage.say(1, { type: 'request', number: 0, piece: 0, offset: 0, length: leaf })).toEqual([`load 1 ${block(0)}`])
    stage.sight('b')
    expect(stage.pass(501)).toEqual(['dial b'])
  })

  test('that is slow holds the requests back: what came and is not stored stays under 4 MiB and what was asked', () => {
    const file = sample(40 * 512 * 1024, 512 * 1024)
    const stage = createStage({ file, have: '.'.repeat(40), ideal: false })
    const link = stage.source('a', 'x'.repeat(40))
    stage.feed({ type: 'admitted', link, number: 0, ok: true })
    let waiting = stage.log().filter(line => line.includes('request'))
    while (waiting.length > 0) waiting = waiting.flatMap(line => stage.give(link, line)).filter(line => line.includes('request'))
    const { fetchedBytes } = stage.session.view.transfer(file.id) ?? { fetchedBytes: 0 }
    expect(fetchedBytes).toBeGreaterThan(4 * 2 ** 20)
    expect(fetchedBytes).toBeLessThan(13 * 2 ** 20)
    stage.feed({ type: 'verified', content: file.id, piece: 0, ok: true })
    const before = fetchedBytes
    for (let piece = 0; piece < 24; piece++) {
      stage.feed({ type: 'verified', content: file.id, piece, ok: true })
      stage.feed({ type: 'stored', content: file.id, piece })
    }
    expect(stage.log().some(line => line.includes('request'))).toBe(true)
    expect(before).toBe(fetchedBytes)
  })

  test('an answer to what was ordered before a content was dropped is not taken for one to what was ordered since', () => {
    for (const [before, again] of [['verified', 'verify 2'], ['stored', 'store 2']] as const) {
      const stage = createStage({ have: '....', ideal: false })
      const add = { type: 'added', content: stage.file.id, manifest: stage.manifest, groups: [home], have: new Uint8Array(1), pages: new Uint8Array([0x80]) } as const
      const upTo = (link: number, peer: string, isGood: boolean): void => {
        stage.source(peer, 'xxxx')
        stage.feed({ type: 'admitted', link, number: 0, ok: true })
        stage.give(link, block(2), !isGood)
        if (before === 'stored') stage.feed({ type: 'verified', content: stage.file.id, piece: 2, ok: true })
      }
      upTo(1, 'a', true)
      stage.feed({ type: 'dropped', content: stage.file.id })
      stage.feed(add)
      upTo(2, 'b', false)
      stage.log()
      // this one was meant for the good data that was given up
      const old = before === 'verified' ? { type: before, ok: true } as const : { type: before } as const
      expect(stage.feed({ ...old, content: stage.file.id, piece: 2 })).toEqual([again])
      if (before === 'verified') expect(stage.feed({ type: 'verified', content: stage.file.id, piece: 2, ok: false })).toContain('emit blamed b')
      else expect(stage.feed({ type: 'stored', content: stage.file.id, piece: 2 })).toContain('emit piece 2')
    }
  })

  test('a content that is dropped gives its budget back, and late answers change nothing', () => {
    const stage = storing()
    stage.feed({ type: 'dropped', content: stage.file.id })
    expect(stage.session.view.downBytes).toBe(0)
    stage.log()
    expect(stage.feed({ type: 'stored', content: stage.file.id, piece: 0 })).toEqual([])
    expect(stage.session.view.transfer(stage.file.id)).toBeUndefined()
  })
})
