/** Packets as strangers send them to a WebRTC port: STUN, whole, wrong and cut; DTLS that is none; noise. From a seed, so that a failure can be repeated. */
import { createHmac } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** A generator of numbers below `limit`. */
export const chance = (seed: number): (limit: number) => number => {
  let state = seed | 1
  return limit => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
}

export type Chance = ReturnType<typeof chance>

export const noise = (random: Chance, length: number): Buffer => Buffer.from(Array.from({ length }, () => random(256)))

const attribute = (type: number, value: Buffer): Buffer => {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(type, 0)
  head.writeUInt16BE(value.length, 2)
  return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)])
}

const withLength = (message: Buffer, length: number): Buffer => {
  message.writeUInt16BE(length, 2)
  return message
}

/** A binding request as the dialing side of webrtc-direct sends it: its password is the name in front. */
export const bindingRequest = (random: Chance, username: Buffer, key: Buffer): Buffer => {
  const head = Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), noise(random, 12)])
  const body = Buffer.concat([head, attribute(0x0006, username), attribute(0x0024, Buffer.from([110, 0, 30, 255])), attribute(0x802a, noise(random, 8)), attribute(0x0025, Buffer.alloc(0))])
  const signed = Buffer.concat([body, attribute(0x0008, createHmac('sha1', key).update(withLength(body, body.length - 20 + 24)).digest())])
  const mark = Buffer.alloc(4)
  mark.writeUInt32BE((crc32(withLength(signed, signed.length - 20 + 8)) ^ 0x5354554e) >>> 0)
  return Buffer.concat([signed, attribute(0x8028, mark)])
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

export const goodName = (random: Chance): Buffer => Buffer.from(`libp2p+webrtc+v1/${Array.from({ length: 32 }, () => letters[random(letters.length)]).join('')}`)

/** A request that is right in every way: it makes the listener begin a handshake. */
export const goodRequest = (random: Chance, name = goodName(random)): Buffer => bindingRequest(random, Buffer.concat([name, Buffer.from(':'), name]), name)

/** User names that no honest peer sends. */
const badNames = (random: Chance): readonly Buffer[] => [
  Buffer.alloc(0), Buffer.from(':'), Buffer.from('::::'), Buffer.from('a:b'), Buffer.from('no separator'), Buffer.alloc(600, 'x'), Buffer.concat([Buffer.alloc(508, 'x'), Buffer.from(':y')]),
  Buffer.from('libp2p+webrtc+v1/\u0000\u0000:\u0000'), Buffer.from('libp2p+webrtc+v1/%n%s%n:%s%n'), Buffer.from(`${'+'.repeat(22)}:${'/'.repeat(22)}`), Buffer.from(`:${'a'.repeat(256)}`),
  Buffer.from(`${'a'.repeat(21)}:${'a'.repeat(21)}`), Buffer.from(`${'a'.repeat(257)}:${'a'.repeat(250)}`), Buffer.from('ü'.repeat(40)), noise(random, 64), noise(random, 513)
]

/** One record of DTLS: type, version, epoch and number, length, body; the length may lie. */
const record = (random: Chance, type: number, length: number, said = length): Buffer => {
  const head = Buffer.from([type, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, random(256), said >> 8, said & 255])
  return Buffer.concat([head, noise(random, length)])
}

/** What comes once a handshake has begun, or without one. */
export const records = (random: Chance): readonly Buffer[] => [
  ...[20, 21, 22, 23, 24, 25, 0, 63].flatMap(type => [0, 1, 12, 13, 100, 1200].map(length => record(random, type, length))),
  record(random, 22, 5, 65_535), record(random, 22, 1200, 0), record(random, 22, 0, 1), Buffer.from([22]), Buffer.from([22, 0xfe, 0xfd]),
  ...[64, 79, 80, 127, 128, 191, 192, 255].map(first => Buffer.concat([Buffer.from([first]), noise(random, 200)]))
]

export const strange = (random: Chance): readonly Buffer[] => {
  const whole = goodRequest(random)
  return [
    ...[0, 1, 2, 19, 20, 21, 100, 1199, 1500, 4095, 4096, 4097, 9000, 65_507].map(length => noise(random, length)),
    ...Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length)),
    ...Array.from({ length: whole.length - 20 }, (_, i) => { // cut, and its length with it
      const cut = Buffer.from(whole.subarray(0, 20 + i))
      return withLength(cut, i)
    }),
    ...badNames(random).map(name => bindingRequest(random, name, name)),
    ...Array.from({ length: 300 }, () => { // some bytes turned
      const turned = Buffer.from(whole)
      for (let n = 1 + random(4); n > 0; n--) turned[random(turned.length)] = random(256)
      return turned
    }),
    ...Array.from({ length: 64 }, (_, type) => { // other methods and classes
      const other = Buffer.from(whole)
      other[0] = type >> 3
      other[1] = (type & 7) << 4 | type >> 2
      return other
    }),
    ...records(random)
  ]
}
