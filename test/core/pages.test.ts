/** Piece hashes: no piece is begun before its page is proved. */
import { describe, expect, test } from 'vitest'
import { hashPage } from '../../src/contract/index.ts'
import { createStage, leaf } from './stage.ts'
import type { Stage } from './stage.ts'
import { hashesOf, sample } from './swarm.ts'

const file = sample((2 * hashPage + 8) * leaf, leaf)
const pieces = 2 * hashPage + 8
const start = (): Stage => createStage({ file, have: '.'.repeat(pieces), pagesKnown: false, maxOwedBytes: 2 * leaf })
const answer = (stage: Stage, link: number, page: number): string[] => {
  const first = page * hashPage
  return stage.say(link, { type: 'hashes', number: 0, layer: 0, first, hashes: hashesOf(file, first, Math.min(hashPage, pieces - first)), proof: new Uint8Array(0) })
}
const talk = (lines: string[]): string[] => lines.filter(line => /request|hashes|prove/.test(line))
const all = 'x'.repeat(pieces)

describe('pages', () => {
  test('are asked one at a time of a link, in rising order, and pieces as soon as their page is proved', () => {
    const stage = start()
    const link = stage.source('a', all)
    expect(talk(stage.log())).toEqual(['1> ask-hashes 0+512'])
    expect(talk(answer(stage, link, 0))).toEqual(['prove 1 0', '1> ask-hashes 512+512', `1> request 0:0+${leaf}`, `1> request 1:0+${leaf}`])
    expect(talk(answer(stage, link, 1))).toEqual(['prove 1 512', '1> ask-hashes 1024+8'])
    expect(talk(answer(stage, link, 2))).toEqual(['prove 1 1024'])
  })

  test('are asked of different peers at the same time, of each only those that it has pieces of', () => {
    const stage = start()
    stage.source('a', all)
    stage.source('b', all)
    stage.source('c', `${'.'.repeat(2 * hashPage)}xxxxxxxx`)
    stage.source('d', `${'.'.repeat(2 * hashPage)}xxxxxxxx`)
    expect(talk(stage.log())).toEqual(['1> ask-hashes 0+512', '2> ask-hashes 512+512', '3> ask-hashes 1024+8'])
  })

  test('that take longer than 2 s are asked of another; the late answer still counts', () => {
    const stage = start()
    const slow = stage.source('a', `${'x'.repeat(hashPage)}${'.'.repeat(hashPage + 8)}`)
    stage.source('b', `${'x'.repeat(hashPage)}${'.'.repeat(hashPage + 8)}`)
    stage.log()
    expect(talk(stage.pass(1_999))).toEqual([])
    expect(talk(stage.pass(1))).toEqual(['2> ask-hashes 0+512'])
    expect(talk(answer(stage, slow, 0))).toEqual(['prove 1 0', `1> request 0:0+${leaf}`, `2> request 1:0+${leaf}`, `1> request 2:0+${leaf}`, `2> request 3:0+${leaf}`])
    expect(talk(answer(stage, 2, 0))).toEqual([])
  })

  test('that a peer does not have are asked of another, and of it again after a while', () => {
    const stage = start()
    stage.now = 10_000
    const poor = stage.source('a', all)
    stage.log()
    expect(stage.say(poor, { type: 'no-hashes', number: 0, layer: 0, first: 0, count: hashPage })).toEqual([])
    stage.source('b', all)
    expect(talk(stage.log())).toEqual(['2> ask-hashes 0+512'])
    expect(talk(stage.pass(500))).toEqual(['1> ask-hashes 512+512'])
  })

  test('of a peer that is gone are asked of another', () => {
    const stage = start()
    stage.source('a', all)
    stage.source('b', '.'.repeat(pieces))
    stage.log()
    stage.say(2, { type: 'have', number: 0, pieces: [7] })
    expect(talk(stage.feed({ type: 'unlinked', link: 1 }))).toEqual(['2> ask-hashes 0+512'])
  })

  test('of which all pieces are had are not asked', () => {
    const stage = createStage({ file, have: `${'x'.repeat(hashPage)}${'.'.repeat(hashPage + 8)}`, pagesKnown: false })
    stage.source('a', all)
    expect(talk(stage.log())).toEqual(['1> ask-hashes 512+512'])
  })

  test('a content of one piece has one page of one hash', () => {
    const small = sample(5, leaf)
    const stage = createStage({ file: small, have: '.', pagesKnown: false })
    const link = stage.source('a', 'x')
    expect(talk(stage.log())).toEqual(['1> ask-hashes 0+1'])
    expect(talk(stage.say(link, { type: 'hashes', number: 0, layer: 0, first: 0, hashes: hashesOf(small, 0, 1), proof: new Uint8Array(0) }))).toEqual(['prove 1 0', '1> request 0:0+5'])
  })

  test.each([0, 7, 512 * 64 + 512, 511 * 32])('%i bytes of hashes for 512 pieces end the link', length => {
    const stage = start()
    const link = stage.source('a', all)
    stage.log()
    expect(stage.say(link, { type: 'hashes', number: 0, layer: 0, first: 0, hashes: new Uint8Array(length), proof: new Uint8Array(0) })[0]).toMatch(/^unlink 1/)
  })
})
