import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex } from '../../src/contract/index.ts'
import { createDecoder } from '../../src/wire/decoder.ts'
import { encode } from '../../src/wire/encoder.ts'
import { examples, exampleStamps } from './messages.ts'

/** The bytes of a released format. They never change: a change of the protocol gets a file of its own. */
const lines = readFileSync(new URL('../fixtures/wire/v1.txt', import.meta.url), 'utf8').split('\n').filter(line => line !== '' && !line.startsWith('#'))
const fixture = new Map(lines.map(line => line.split(' ') as [string, string]))

describe('the bytes of /shoal/exchange/1', () => {
  it('have one example of every message', () => {
    expect([...fixture.keys()]).toEqual(examples.map(([name]) => name))
  })

  for (const [name, message] of examples) {
    const stamp = exampleStamps[message.type] ?? {}

    it(`are written for ${name}`, () => {
      expect(toHex(concatBytes(...encode(message, stamp)))).toBe(fixture.get(name))
    })

    it(`are read for ${name}`, () => {
      const decoder = createDecoder({ admit: ({ length }) => new Uint8Array(length) })
      expect([...decoder.decode(fromHex(fixture.get(name) ?? ''))]).toEqual([{ message, stamp }])
    })
  }
})
