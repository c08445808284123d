/**
 * What a peer and a relay say to each other: the peer shows credentials, the relay answers each of them, in order. Owns the bytes of `/shoal/relay/1`.
 * The relaying itself is libp2p's circuit relay.
 */
import { byteReader, byteWriter, MalformedError } from '../contract/index.ts'
import { maxCredentialBytes } from './credential.ts'

export const relayProtocol = '/shoal/relay/1'

/** Each way: `u16 length, body`. */
export const maxRelayFrameBytes = maxCredentialBytes
const maxReasonBytes = 512

/** `u8 1, u8 0 or 1 (admitted), reason text16 (empty when admitted)` */
export interface RelayAnswer { readonly admitted: boolean, readonly reason: string }

export const relayFrame = (body: Uint8Array): Uint8Array => byteWriter(body.byteLength + 2).bytes16(body).finish()

export const encodeRelayAnswer = ({ admitted, reason }: RelayAnswer): Uint8Array =>
  byteWriter(64).u8(1).u8(admitted ? 1 : 0).text16(reason.slice(0, maxReasonBytes / 4)).finish()

/** @throws MalformedError */
export const decodeRelayAnswer = (body: Uint8Array): RelayAnswer => {
  const reader = byteReader(body)
  const format = reader.u8()
  if (format !== 1) throw new MalformedError(`An answer of format ${format} is not known here.`)
  const answer = { admitted: reader.u8() === 1, reason: reader.text16(maxReasonBytes) }
  reader.end()
  return answer
}

/** Cuts what comes over a link into bodies. @returns each chunk's, with what was left before; it throws MalformedError when one is longer than any may be */
export const relayFrames = (): (chunk: Uint8Array) => readonly Uint8Array[] => {
  let rest = new Uint8Array()
  return chunk => {
    const all = new Uint8Array(rest.byteLength + chunk.byteLength)
    all.set(rest)
    all.set(chunk, rest.byteLength)
    const view = new DataView(all.buffer)
    const bodies: Uint8Array[] = []
    let at = 0
    while (all.byteLength - at >= 2) {
      const length = view.getUint16(at)
      if (length > maxRelayFrameBytes) throw new MalformedError(`A frame of ${length} bytes is above the limit of ${maxRelayFrameBytes}.`)
      if (all.byteLength - at - 2 < length) break
      bodies.push(all.slice(at + 2, at + 2 + length))
      at += 2 + length
    }
    rest = all.slice(at)
    return bodies
  }
}
