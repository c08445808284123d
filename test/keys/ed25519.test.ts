import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../src/contract/index.ts'
import { generateKey, isPeerId, keyFromSecret, peerOfKey, publicKeyOf, verifySignature, verifyWithKey } from '../../src/keys/ed25519.ts'

const bytes = new TextEncoder().encode('what is signed')

describe('keys', () => {
  test('RFC 8032 test 2: the signature of one byte', async () => {
    const publicKey = fromHex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
    const seed = fromHex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb')
    const key = keyFromSecret(new Uint8Array([...seed, ...publicKey]))
    expect(toHex(await key.sign(new Uint8Array([0x72])))).toBe(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00')
  })

  test('a signature is verified by peer id and by raw key, and by no other', async () => {
    const key = await generateKey()
    const other = await generateKey()
    const signature = await key.sign(bytes)
    expect(await verifySignature(key.peer, bytes, signature)).toBe(true)
    expect(await verifyWithKey(key.publicKey, bytes, signature)).toBe(true)
    expect(await verifySignature(other.peer, bytes, signature)).toBe(false)
    expect(await verifySignature(key.peer, bytes.subarray(1), signature)).toBe(false)
    const flipped = signature.slice()
    flipped[0] = (flipped[0] ?? 0) ^ 1
    expect(await verifySignature(key.peer, bytes, flipped)).toBe(false)
  })

  test('bad data is false, never a throw', async () => {
    const key = await generateKey()
    const signature = await key.sign(bytes)
    expect(await verifySignature('nobody', bytes, signature)).toBe(false)
    expect(await verifySignature('', bytes, signature)).toBe(false)
    expect(await verifySignature(key.peer, bytes, signature.subarray(1))).toBe(false)
    expect(await verifyWithKey(new Uint8Array(31), bytes, signature)).toBe(false)
    expect(await verifyWithKey(new Uint8Array(32).fill(255), bytes, signature)).toBe(false)
  })

  test('a key comes back from its secret', async () => {
    const key = await generateKey()
    const back = keyFromSecret(key.secret)
    expect(back.peer).toBe(key.peer)
    expect(await verifySignature(key.peer, bytes, await back.sign(bytes))).toBe(true)
    expect(() => keyFromSecret(key.secret.subarray(1))).toThrow(RangeError)
  })

  test('a peer id gives its public key only in its canonical form', async () => {
    const key = await generateKey()
    expect(publicKeyOf(key.peer)).toEqual(key.publicKey)
    expect(peerOfKey(key.publicKey)).toBe(key.peer)
    expect(isPeerId(key.peer)).toBe(true)
    expect(isPeerId(`/p2p/${key.peer}`)).toBe(false)
    expect(isPeerId(`${key.peer} `)).toBe(false)
    expect(isPeerId('QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N')).toBe(false)
    expect(isPeerId('1'.repeat(100_000))).toBe(false)
  })
})
