import { describe, expect, it } from 'vitest'
import { frameBytes } from '../../src/sim/frame-bytes.ts'
import { encode } from '../../src/wire/encoder.ts'
import { examples } from '../wire/messages.ts'

describe('a message in the simulator', () => {
  for (const [name, message] of examples) {
    it(`is as long as its frame on the wire: ${name}`, () => {
      expect(frameBytes(message)).toBe(encode(message).reduce((sum, part) => sum + part.byteLength, 0))
    })
  }
})
