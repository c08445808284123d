import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byteWriter, concatBytes } from '../../src/contract/index.ts'
import { createDecoder } from '../../src/wire/decoder.ts'
import type { BlockHeader, Received } from '../../src/wire/decoder.ts'
import { encode } from '../../src/wire/encoder.ts'
import { ProtocolError } from '../../src/wire/error.ts'
import { blockForm, forms } from '../../src/wire/forms.ts'
import { limits, rangeBytes } from '../../src/wire/limits.ts'
import { anyMessage, anyOfType, cut } from './messages.ts'

const taking = (): { readonly decoder: ReturnType<typeof createDecoder>, readonly allocated: () => number } => {
  let allocated = 0
  return {
    decoder: createDecoder({ admit: ({ length }: BlockHeader) => { allocated += length; return new Uint8Array(length) } }),
    allocated: () => allocated
  }
}

const decodeAll = (chunks: readonly Uint8Array[]): readonly Received[] => {
  const { decoder } = taking()
  return chunks.flatMap(chunk => [...decoder.decode(chunk)])
}

const frame = (code: number, payload: Uint8Array, length = payload.byteLength + 1): Uint8Array => byteWriter().u32(length).u8(code).raw(payload).finish()
const zeros = (length: number): Uint8Array => new Uint8Array(length)

describe('a message', () => {
  for (const [type, any] of Object.entries(anyOfType)) {
    it(`of type ${type} comes back as it was`, () => {
      fc.assert(fc.property(any, message => {
        expect(decodeAll(encode(message)).map(received => received.message)).toEqual([message])
      }), { numRuns: 60 })
    })
  }

  it('comes back the same however its bytes were cut', () => {
    fc.assert(fc.property(fc.array(anyMessage, { maxLength: 8 }), fc.array(fc.nat(4000), { maxLength: 30 }), (messages, places) => {
      const bytes = concatBytes(...messages.flatMap(message => encode(message)))
      expect(decodeAll(cut(bytes, places)).map(({ message }) => message)).toEqual(messages)
    }))
  })

  it('comes back the same byte by byte', () => {
    fc.assert(fc.property(fc.array(anyMessage, { maxLength: 4 }), messages => {
      const bytes = concatBytes(...messages.flatMap(message => encode(message)))
      expect(decodeAll([...bytes].map(byte => Uint8Array.of(byte))).map(({ message }) => message)).toEqual(messages)
    }), { numRuns: 30 })
  })

  it('at its largest comes back', () => {
    const largest = [
      { type: 'pieces', number: 1, have: zeros(limits.bitfieldBytes) },
      { type: 'have', number: 1, pieces: Array.from({ length: limits.havePieces }, (_, i) => i) },
      { type: 'hashes', number: 1, layer: 0, first: 0, hashes: zeros(limits.hashesBytes), proof: zeros(limits.proofBytes) },
      { type: 'removal', number: 1, entry: zeros(limits.removalBytes) },
      { type: 'block', number: 1, piece: limits.pieces - 1, offset: limits.pieceBytes - limits.blockBytes, data: zeros(limits.blockBytes) }
    ] as const
    for (const message of largest) expect(decodeAll(encode(message)).map(received => received.message)).toEqual([message])
  })

  it('of a block passes its data on by reference', () => {
    const data = zeros(rangeBytes)
    const parts = encode({ type: 'block', number: 0, piece: 0, offset: 0, data })
    expect(parts).toHaveLength(2)
    expect(parts[1]).toBe(data)
  })

  it('carries its stamp', () => {
    const parts = encode({ type: 'request', number: 0, piece: 0, offset: 0, length: 1 }, { heard: 77 })
    expect(decodeAll(parts)[0]?.stamp).toEqual({ heard: 77 })
  })
})

describe('a hello', () => {
  it('may have fields of later versions behind its own', () => {
    const [hello = zeros(0)] = encode({ type: 'hello', features: 3, agent: 'x' })
    const longer = frame(forms.hello.code, concatBytes(hello.subarray(5), Uint8Array.of(9, 9, 9)))
    expect(decodeAll([longer])).toEqual([{ message: { type: 'hello', features: 3, agent: 'x' }, stamp: {} }])
  })

  it('with characters that move a terminal is refused', () => {
    const payload = byteWriter().u64(0).text16('a\u001b[2J').finish()
    expect(() => decodeAll([frame(forms.hello.code, payload)])).toThrow(ProtocolError)
  })
})

describe('an unknown type', () => {
  const after = encode({ type: 'refuse', number: 9 })

  it('that is odd is skipped, whatever is in it, and keeps nothing', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 127 }).map(n => 2 * n + 1), fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(220)), (code, payload, places) => {
      const bytes = concatBytes(frame(code, payload), ...after)
      expect(decodeAll(cut(bytes, places)).map(({ message }) => message)).toEqual([{ type: 'refuse', number: 9 }])
    }))
  })

  it('that is odd may be as long as a frame, and no longer', () => {
    expect(decodeAll([frame(255, zeros(limits.frameBytes - 1)), ...after])).toHaveLength(1)
    expect(() => decodeAll([frame(255, zeros(0), limits.frameBytes + 1)])).toThrow(ProtocolError)
  })

  it('that is even is refused', () => {
    const known = new Set<number>([...Object.values(forms).map(({ code }) => code), blockForm.code])
    for (let code = 0; code < 256; code += 2) if (!known.has(code)) expect(() => decodeAll([frame(code, zeros(1))]), `type ${code}`).toThrow(ProtocolError)
  })
})

describe('a length', () => {
  const cases = [...Object.entries(forms), ['block', blockForm] as const]
  for (const [type, { code, min, max }] of cases) {
    it(`of a ${type} above its limit or below its least is refused from the head alone`, () => {
      for (const size of [min - 1, max + 1]) expect(() => decodeAll([frame(code, zeros(0), size + 1)]), `${size}`).toThrow(ProtocolError)
    })
  }

  it('of nothing is refused', () => { expect(() => decodeAll([frame(0, zeros(0), 0)])).toThrow(ProtocolError) })

  it('that is announced costs no memory before its bytes come', () => {
    const before = process.memoryUsage().arrayBuffers
    const decoders = Array.from({ length: 200 }, () => {
      const { decoder } = taking()
      expect([...decoder.decode(frame(forms.pieces.code, zeros(100), limits.bitfieldBytes))]).toEqual([])
      return decoder
    })
    const grown = process.memoryUsage().arrayBuffers - before
    expect(grown, `${decoders.length} decoders`).toBeLessThan(2_000_000) // announced: 100 MiB
  })
})

describe('bad bytes', () => {
  it('are a ProtocolError or the beginning of something, and nothing is allocated beyond one block', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 10 }), chunks => {
      const { decoder, allocated } = taking()
      try { for (const chunk of chunks) for (const { message } of decoder.decode(chunk)) expect(message.type).toBeTypeOf('string') } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError)
      }
      expect(allocated()).toBeLessThanOrEqual(limits.blockBytes)
    }), { numRuns: 500 })
  })

  it('in place of good ones are a ProtocolError or another message', () => {
    fc.assert(fc.property(fc.array(anyMessage, { minLength: 1, maxLength: 4 }), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), (messages, changes) => {
      const bytes = concatBytes(...messages.flatMap(message => encode(message)))
      for (const [at, value] of changes) bytes[at % bytes.byteLength] = value
      try { decodeAll([bytes]) } catch (error) { expect(error).toBeInstanceOf(ProtocolError) }
    }), { numRuns: 500 })
  })

  it('too few or too many in a payload are refused', () => {
    const open = encode({ type: 'open', number: 0, group: 'a'.repeat(64), content: 'b'.repeat(64), credential: zeros(10) } as Parameters<typeof encode>[0])
    const payload = concatBytes(...open).subarray(5)
    expect(() => decodeAll([frame(forms.open.code, payload.subarray(0, -1))])).toThrow(ProtocolError)
    expect(() => decodeAll([frame(forms.open.code, concatBytes(payload, zeros(1)))])).toThrow(ProtocolError)
    expect(() => decodeAll([frame(forms.have.code, zeros(9))])).toThrow(ProtocolError)
  })

  it('that cut or shift a range wrongly are refused', () => {
    const request = ([piece, offset, length]: readonly [number, number, number]): Uint8Array =>
      frame(forms.request.code, byteWriter().u32(0).u32(piece).u32(offset).u32(length).u32(0).finish())
    const wrong = [[limits.pieces, 0, 1], [0, 1, 1], [0, 0, 0], [0, 0, limits.blockBytes + 1], [0, limits.pieceBytes, rangeBytes]] as const
    for (const range of wrong) expect(() => decodeAll([request(range)]), range.join()).toThrow(ProtocolError)
    expect(decodeAll([request([limits.pieces - 1, limits.pieceBytes - rangeBytes, rangeBytes])])).toHaveLength(1)
  })

  it('for a flag or a page of hashes are refused', () => {
    const bad = [
      frame(forms.want.code, Uint8Array.of(0, 0, 0, 0, 2)), frame(forms.choke.code, Uint8Array.of(0, 0, 0, 0, 255)), frame(forms.pieces.code, Uint8Array.of(0, 0, 0, 0, 2)),
      frame(forms['ask-hashes'].code, byteWriter().u32(0).u8(0).u32(1).u16(1).finish()),
      frame(forms['ask-hashes'].code, byteWriter().u32(0).u8(0).u32(0).u16(0).finish()),
      frame(forms['ask-hashes'].code, byteWriter().u32(0).u8(0).u32(0).u16(limits.hashes + 1).finish())
    ]
    for (const bytes of bad) expect(() => decodeAll([bytes])).toThrow(ProtocolError)
  })
})
