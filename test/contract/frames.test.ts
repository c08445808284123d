import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, MalformedError } from '../../src/contract/index.ts'
import { clientFrames, encodeFrame, frameCodes, maxChunkBytes, maxHeadBytes, trackerFrames } from '../../src/contract/api/frames.ts'
import type { ClientFrame, Frame, FrameReader, TrackerFrame } from '../../src/contract/api/frames.ts'
import { maxBodyBytes } from '../../src/contract/api/limits.ts'

const id = fc.nat({ max: 0xffff_ffff })
const bytes = fc.uint8Array({ maxLength: 300 }).map(array => Uint8Array.from(array))
const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const headers = fc.array(fc.tuple(text, text), { maxLength: 5 })
const ofClient: fc.Arbitrary<ClientFrame> = fc.oneof(
  fc.record({ type: fc.constant('request' as const), id, method: text, path: text, headers, body: bytes }),
  fc.record({ type: fc.constant('cancel' as const), id }), fc.record({ type: fc.constant('grant' as const), id, bytes: id }),
  fc.record({ type: fc.constant('goodbye' as const), reason: text })
)
const ofTracker: fc.Arbitrary<TrackerFrame> = fc.oneof(
  fc.record({ type: fc.constant('head' as const), id, status: fc.nat({ max: 999 }), headers }), fc.record({ type: fc.constant('body' as const), id, bytes }),
  fc.record({ type: fc.constant('end' as const), id }), fc.record({ type: fc.constant('reset' as const), id, reason: text }), fc.record({ type: fc.constant('goodbye' as const), reason: text })
)
const coded = (frames: readonly Frame[]): Uint8Array => concatBytes(...frames.flatMap(encodeFrame))
const readIn = <F extends Frame>(reader: FrameReader<F>, whole: Uint8Array, cuts: readonly number[]): readonly F[] => {
  const places = [0, ...cuts.map(cut => cut % (whole.byteLength + 1)).sort((a, b) => a - b), whole.byteLength]
  return places.slice(1).flatMap((end, i) => [...reader.push(whole.slice(places[i], end))])
}
const header = (type: number, length: number): Uint8Array => {
  const bytesOf = new Uint8Array(9)
  const view = new DataView(bytesOf.buffer)
  view.setUint8(0, type)
  view.setUint32(5, length)
  return bytesOf
}

describe('frames of the tracker API', () => {
  const cuts = fc.array(fc.nat())

  it('are the same however their bytes were cut', () => {
    fc.assert(fc.property(fc.array(ofClient), cuts, (frames, at) => { expect(readIn(clientFrames(), coded(frames), at)).toEqual(frames) }))
    fc.assert(fc.property(fc.array(ofTracker), cuts, (frames, at) => { expect(readIn(trackerFrames(), coded(frames), at)).toEqual(frames) }))
  })

  it('of any bytes end in frames or in a MalformedError, and in nothing else', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (any, client) => {
      const reader: FrameReader<Frame> = client ? clientFrames() : trackerFrames()
      try { for (const frame of reader.push(any)) expect(typeof frame.type).toBe('string') } catch (error) { expect(error).toBeInstanceOf(MalformedError) }
    }), { numRuns: 2000 })
  })

  it('have the bytes that docs/tracker-api.md says', () => {
    const [a, b] = [encodeFrame({ type: 'request', id: 7, method: 'GET', path: '/v1', headers: [['a', 'b']], body: Uint8Array.of(9) }), encodeFrame({ type: 'grant', id: 1, bytes: 65_536 })]
    expect(Buffer.concat(a).toString('hex')).toBe('02' + '00000007' + '00000014' + '0011' + '0003474554' + '00032f7631' + '01' + '000161' + '000162' + '09')
    expect(Buffer.concat(b).toString('hex')).toBe('06' + '00000001' + '00000004' + '00010000')
  })

  it('are refused from the header, before their bytes come, when they are too long', () => {
    const limits: readonly (readonly [number, number])[] = [[2, maxHeadBytes + maxBodyBytes], [4, 0], [6, 4], [16, 1024]]
    for (const [type, most] of limits) {
      expect([...clientFrames().push(header(type, most))].length).toBeLessThanOrEqual(1)
      expect(() => [...clientFrames().push(header(type, most + 1))], String(type)).toThrow(MalformedError)
      expect(() => [...clientFrames().push(header(type, 0xffff_ffff))], String(type)).toThrow(MalformedError)
    }
    expect(() => [...trackerFrames().push(header(10, maxChunkBytes + 1))]).toThrow(/type 10 has 65537 bytes, and may have 65536/)
  })

  it('of an odd type that is not known are skipped, of an even one they are refused, as are those of the other side', () => {
    const known = encodeFrame({ type: 'cancel', id: 5 })
    expect([...clientFrames().push(concatBytes(header(17, 3), Uint8Array.of(1, 2, 3), header(99, 0), ...known))]).toEqual([{ type: 'cancel', id: 5 }])
    expect(() => [...clientFrames().push(header(17, 65_537))]).toThrow(MalformedError)
    for (const type of [0, 8, 18, 254]) expect(() => [...clientFrames().push(header(type, 0))]).toThrow(`type ${type} is not known`)
    for (const type of [2, 4, 6]) expect(() => [...trackerFrames().push(header(type, 0))]).toThrow(`type ${type} is not known`)
  })

  it('are those of docs/tracker-api.md', () => {
    const page = readFileSync(new URL('../../docs/tracker-api.md', import.meta.url), 'utf8')
    const listed = [...page.matchAll(/^\| (\d+) ([a-z]+) \|/gm)].map(([, code, name]) => [name, Number(code)])
    expect(Object.fromEntries(listed)).toEqual(frameCodes)
  })

  it('cannot be made longer than they may be', () => {
    expect(() => encodeFrame({ type: 'body', id: 1, bytes: new Uint8Array(maxChunkBytes + 1) })).toThrow(RangeError)
    const [, reason] = encodeFrame({ type: 'goodbye', reason: 'ä'.repeat(5000) })
    expect(reason?.byteLength).toBe(1024)
  })
})
