import { describe, expect, it } from 'vitest'
import { concatBytes, ShoalError } from '../../src/contract/index.ts'
import type { Message } from '../../src/core/message.ts'
import { encode } from '../../src/wire/encoder.ts'
import { createCodec, limits, ProtocolError } from '../../src/wire/index.ts'
import type { Codec } from '../../src/wire/index.ts'
import { rangeBytes } from '../../src/wire/limits.ts'
import { content, group } from './messages.ts'

const hello: Message = { type: 'hello', features: 0, agent: 'test' }
const open = (number: number, of = 'c'): Message => ({ type: 'open', number, group: group('a'), content: content(of), credential: new Uint8Array(3) })
const request = (number: number, piece: number, length = rangeBytes): Message => ({ type: 'request', number, piece, offset: 0, length })
const reject = (number: number, piece: number, length = rangeBytes): Message => ({ type: 'reject', number, piece, offset: 0, length })
const block = (number: number, piece: number, length = rangeBytes): Message => ({ type: 'block', number, piece, offset: 0, data: new Uint8Array(length).fill(piece) })
const choke = (number: number, choked: boolean): Message => ({ type: 'choke', number, choked })
const close = (number: number): Message => ({ type: 'close', number })
const subjectOf = (of = 'c'): string => group('a') + content(of)
/** As from a side that has heard no choke and no close, and speaks of content c. */
const bytesOf = (...messages: readonly Message[]): Uint8Array => concatBytes(...messages.flatMap(message => encode(message, { heard: 0, subject: subjectOf() })))
/** As from a side that has heard so many. */
const having = (heard: number, message: Message): Uint8Array => concatBytes(...encode(message, { heard }))

/** A codec as one end of a link has it, that said hello and opened 5 and heard hello and 8 opened, about the same content. */
const opened = (): { codec: Codec, allocated: number[], hear: (...messages: readonly Message[]) => Message[] } => {
  const allocated: number[] = []
  const codec = createCodec({ allocate: length => { allocated.push(length); return new Uint8Array(length) } })
  const hear = (...messages: readonly Message[]): Message[] => [...codec.decode(bytesOf(...messages))]
  codec.encode(hello)
  codec.encode(open(5))
  hear(hello, open(8))
  return { codec, allocated, hear }
}

describe('hello', () => {
  it('is first, and once', () => {
    expect(() => [...createCodec().decode(bytesOf(open(0)))]).toThrow(ProtocolError)
    const codec = createCodec()
    expect(() => [...codec.decode(bytesOf(hello, hello))]).toThrow(ProtocolError)
    expect(() => createCodec().encode(open(0))).toThrow(ShoalError)
  })
})

describe('a block', () => {
  it('that was asked for is copied into memory of exactly its length', () => {
    const { codec, allocated, hear } = opened()
    codec.encode(request(5, 3))
    expect(hear(block(8, 3))).toEqual([block(8, 3)])
    expect(allocated).toEqual([rangeBytes])
  })

  it('that nobody asked for is refused from its header, before anything is allocated', () => {
    const unasked = [block(8, 4), block(8, 3, rangeBytes - 1), block(8, 3, 2 * rangeBytes), { ...block(8, 3), offset: rangeBytes } as Message]
    for (const message of unasked) {
      const { codec, allocated } = opened()
      codec.encode(request(5, 3))
      expect(() => [...codec.decode(bytesOf(message).subarray(0, 17))]).toThrow(ProtocolError)
      expect(allocated).toEqual([])
    }
  })

  it('comes once: its second answer is refused', () => {
    for (const second of [block(8, 3), reject(8, 3)]) {
      const { codec, hear } = opened()
      codec.encode(request(5, 3))
      expect(hear(block(8, 3))).toHaveLength(1)
      expect(() => hear(second)).toThrow(ProtocolError)
    }
  })

  it('comes twice when it was asked for twice', () => {
    const { codec, hear } = opened()
    codec.encode(request(5, 3))
    codec.encode({ ...request(5, 3), type: 'cancel' } as Message)
    codec.encode(request(5, 3))
    expect(hear(block(8, 3), block(8, 3))).toHaveLength(2)
    expect(() => hear(block(8, 3))).toThrow(ProtocolError)
  })

  it('of another content, or on our own number, is refused', () => {
    const { codec, hear } = opened()
    codec.encode(open(6, 'd'))
    hear(open(9, 'd'))
    codec.encode(request(6, 3))
    expect(() => hear(block(8, 3))).toThrow(ProtocolError)
    expect(() => opened().hear(block(5, 3))).toThrow(ProtocolError)
  })

  it('tells its progress while it is partly in, and none when it is complete', () => {
    const { codec } = opened()
    codec.encode(request(5, 3))
    const bytes = bytesOf(block(8, 3))
    const cuts = [0, 3, 17, 18, 1000, 5000].map((at, i, all) => bytes.subarray(at, all[i + 1] ?? bytes.byteLength))
    const told = cuts.map(part => [[...codec.decode(part)].length, codec.takeProgress()])
    expect(told).toEqual([[0, 0], [0, 0], [0, 1], [0, 982], [0, 4000], [1, 0]])
  })
})

describe('a reject', () => {
  it('answers what was asked, and nothing else', () => {
    const { codec, hear } = opened()
    codec.encode(request(5, 3))
    expect(hear(reject(8, 3))).toHaveLength(1)
    expect(() => hear(reject(8, 3))).toThrow(ProtocolError)
  })
})

describe('a choke', () => {
  it('answers every request, so that a block after it is refused', () => {
    const { codec, hear } = opened()
    codec.encode(request(5, 3))
    hear(choke(8, true))
    expect(() => hear(block(8, 3))).toThrow(ProtocolError)
  })

  it('answers the requests that cross it, also when they arrive after the next unchoke', () => {
    const { codec, hear } = opened()
    codec.encode(choke(5, false))
    codec.encode(choke(5, true))
    codec.encode(choke(5, false))
    expect(hear(request(8, 3))).toEqual([]) // it has heard no choke
    expect(() => codec.encode(block(5, 3))).toThrow(ShoalError)
    expect([...codec.decode(having(1, request(8, 3)))]).toEqual([request(8, 3)])
    expect(codec.encode(block(5, 3))).toHaveLength(2)
  })

  it('that was not said cannot have been heard', () => {
    const { codec } = opened()
    expect(() => [...codec.decode(having(1, request(8, 3)))]).toThrow(ProtocolError)
  })
})

describe('a channel', () => {
  it('has a number that is never used again, and none that was not opened is spoken of', () => {
    expect(() => opened().hear(open(8, 'd'))).toThrow(ProtocolError)
    expect(() => opened().hear(open(7, 'd'))).toThrow(ProtocolError)
    expect(() => opened().hear({ type: 'want', number: 9, wanted: true })).toThrow(ProtocolError)
    expect(() => opened().hear({ type: 'refuse', number: 6 })).toThrow(ProtocolError)
  })

  it('that we closed is silent: what was on its way is dropped, blocks only if they were asked for, each once, without memory', () => {
    const { codec, allocated, hear } = opened()
    codec.encode(request(5, 3))
    codec.encode(request(5, 4))
    codec.encode(close(5))
    expect(hear({ type: 'have', number: 8, pieces: [1] }, request(8, 1), block(8, 3), reject(8, 4), choke(8, true))).toEqual([])
    expect(allocated).toEqual([])
    expect(() => hear(block(8, 3))).toThrow(ProtocolError)
  })

  it('that we closed in the middle of a block drops it', () => {
    const { codec } = opened()
    codec.encode(request(5, 3))
    const bytes = bytesOf(block(8, 3))
    expect([...codec.decode(bytes.subarray(0, 100))]).toEqual([])
    codec.encode(close(5))
    expect([...codec.decode(bytes.subarray(100))]).toEqual([])
  })

  it('that we closed while a chunk was read drops the rest of the chunk that is about it', () => {
    const { codec } = opened()
    const heard: Message[] = []
    for (const message of codec.decode(bytesOf({ type: 'have', number: 8, pieces: [1] }, { type: 'have', number: 8, pieces: [2] }, open(9, 'd')))) {
      heard.push(message)
      if (heard.length === 1) codec.encode(close(5))
    }
    expect(heard.map(({ type }) => type)).toEqual(['have', 'open'])
  })

  it('that the other side closed owes nothing more, and ends ours', () => {
    const { codec, hear } = opened()
    codec.encode(request(5, 3))
    expect(hear(close(8))).toEqual([close(8)])
    expect(() => hear(block(8, 3))).toThrow(ProtocolError)
    expect(() => codec.encode(request(5, 4))).toThrow(ShoalError)
  })

  it('whose closes crossed is closed, and may be opened anew by both', () => {
    const { codec, hear } = opened()
    codec.encode(close(5))
    expect(hear(close(8))).toEqual([])
    codec.encode(open(6))
    expect([...codec.decode(having(1, open(9)))]).toEqual([open(9)])
    codec.encode(request(6, 3))
    expect(hear(block(9, 3))).toEqual([block(9, 3)])
  })

  it('that was opened before our close of its content was heard never was', () => {
    const { codec, hear } = opened()
    codec.encode(close(5))
    codec.encode(open(6))
    expect(hear(open(9), { type: 'pieces', number: 9, have: 'all' }, { type: 'want', number: 9, wanted: true }, request(9, 0))).toEqual([])
    expect(hear(open(10, 'd'))).toEqual([open(10, 'd')]) // about another
    expect([...codec.decode(having(1, open(11)))]).toEqual([open(11)])
    expect(() => [...codec.decode(having(2, open(12, 'e')))]).toThrow(ProtocolError)
  })

  it('of ours that the other side had not heard of when it closed the content looks refused', () => {
    const { codec, hear } = opened()
    codec.encode(close(5)) // crosses the other's close
    codec.encode(open(6))
    expect(hear(close(8))).toEqual([{ type: 'refuse', number: 6 }])
    expect(codec.encode(open(7))).toHaveLength(1)
  })

  it('is one for a content, and closed for what it is about', () => {
    expect(() => opened().hear(open(9))).toThrow(ProtocolError)
    expect(() => opened().codec.encode(open(6))).toThrow(ShoalError)
    expect(() => [...opened().codec.decode(concatBytes(...encode(close(8), { subject: subjectOf('d') })))]).toThrow(ProtocolError)
  })

  it('that we refused is silent, and a request on it is not owed an answer', () => {
    const { codec, hear } = opened()
    codec.encode({ type: 'refuse', number: 8 })
    expect(hear(request(8, 1), { type: 'want', number: 8, wanted: true })).toEqual([])
  })

  it('that was refused owes us nothing', () => {
    const { codec, hear } = opened()
    codec.encode(request(5, 3))
    expect(hear({ type: 'refuse', number: 5 })).toHaveLength(1)
    expect(() => hear(block(8, 3))).toThrow(ProtocolError)
  })

  it('is asked nothing before it is open both ways', () => {
    const { codec, hear } = opened()
    hear(open(9, 'd'))
    expect(() => hear(request(9, 0))).toThrow(ProtocolError)
    codec.encode(open(6, 'e'))
    expect(() => codec.encode(request(6, 0))).toThrow(ShoalError)
  })

  it('ends with a refuse on both sides', () => {
    const { codec, hear } = opened()
    codec.encode({ type: 'refuse', number: 8 })
    expect(() => codec.encode(choke(5, false))).toThrow(ShoalError)
    expect(codec.encode(open(6))).toHaveLength(1)
    expect(hear(open(9))).toEqual([open(9)])
    expect(hear({ type: 'refuse', number: 6 })).toHaveLength(1)
    expect(hear({ type: 'want', number: 9, wanted: true })).toEqual([])
  })
})

describe('a bound', () => {
  it('holds for the requests of a peer that are not answered', () => {
    const { codec, hear } = opened()
    for (let piece = 0; piece < limits.outstandingRequests; piece++) hear(request(8, piece))
    expect(() => hear(request(8, limits.outstandingRequests))).toThrow(ProtocolError)
    expect(codec.encode(reject(5, 0))).toHaveLength(1)
  })

  it('is not reached by requests that are answered', () => {
    const { codec, hear } = opened()
    for (let piece = 0; piece < 2 * limits.outstandingRequests; piece++) {
      hear(request(8, piece))
      codec.encode(reject(5, piece))
    }
    for (let round = 0; round < 3; round++) {
      for (let piece = 0; piece < limits.outstandingRequests; piece++) hear(...(round === 0 ? [request(8, piece)] : []))
      if (round === 0) codec.encode(choke(5, true))
    }
  })

  it('holds for the channels of a peer', () => {
    const { hear } = opened()
    const distinct = (i: number): Message => ({ ...open(9 + i), content: i.toString(16).padStart(64, '0') }) as Message
    for (let i = 0; i < limits.channels - 1; i++) hear(distinct(i))
    expect(() => hear(distinct(limits.channels))).toThrow(ProtocolError)
  })

  it('holds for the answers that may come late', () => {
    const { codec, hear } = opened()
    let [ours, theirs] = [5, 8]
    const rounds = limits.lateAnswers / limits.outstandingRequests + 1
    for (let round = 0; round < rounds; round++) {
      for (let piece = 0; piece < limits.outstandingRequests; piece++) codec.encode(request(ours, piece))
      codec.encode(close(ours))
      codec.encode(open(++ours))
      expect([...codec.decode(having(round + 1, open(++theirs)))]).toHaveLength(1)
    }
    expect(hear(block(theirs - 1, 0))).toEqual([])
    expect(() => hear(block(theirs - rounds, 0))).toThrow(ProtocolError) // the oldest are forgotten
  })
})

describe('the codec', () => {
  it('takes what we must not say for our own mistake', () => {
    const wrong = [reject(5, 0), block(5, 0), { type: 'hello', features: 0, agent: '' }, open(5), { ...open(6), credential: new Uint8Array(limits.credentialBytes + 1) }] as Message[]
    for (const message of wrong) expect(() => opened().codec.encode(message), message.type).toThrow(expect.objectContaining({ code: 'BUG' }))
  })

  it('does not go on after a chunk that was not read to its end', () => {
    const { codec } = opened()
    for (const message of codec.decode(bytesOf(open(9, 'd'), open(10, 'e')))) if (message.type === 'open') break
    expect(() => [...codec.decode(bytesOf(open(11, 'f')))]).toThrow(expect.objectContaining({ code: 'BUG' }))
  })
})
