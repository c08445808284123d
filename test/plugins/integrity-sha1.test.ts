import { toHex, hashPage } from 'shoal/plugin'
import sha1 from 'shoal/plugins/integrity-sha1'
import { contentOf, integritySuite, runSuite, sealed } from 'shoal/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { sha256Of, vectors } from '../fixtures/integrity/vectors.ts'

const quiet = { log: () => { /* quiet */ } }
const make = async (options = {}) => sha1(options).create(quiet)

runSuite('integrity-sha1', integritySuite, async () => {
  const integrity = await make()
  return { subject: integrity, release: async () => integrity.stop?.() }
})

describe('integrity-sha1 agrees with another program (BitTorrent v1, BEP 3)', async () => {
  const integrity = await make({ threads: 2 })
  afterAll(async () => integrity.stop?.())

  for (const { length, pieceLength, sha256OfContent, v1 } of vectors) {
    it(`on ${length} bytes in pieces of ${pieceLength}`, async () => {
      const layout = { length, pieceLength }
      const content = contentOf(length)
      expect(sha256Of(content)).toBe(sha256OfContent)
      const { seal, manifest } = await sealed(integrity, layout, content)
      expect(seal.root).toBe(v1.root)
      expect(sha256Of(seal.hashes)).toBe(v1.sha256OfHashes)
      if (v1.hashes !== undefined) expect(toHex(seal.hashes)).toBe(v1.hashes.join(''))
      if (v1.proofOfSecondPage !== undefined) {
        expect(toHex(integrity.proof(manifest, seal.hashes, hashPage, Math.min(hashPage, v1.pieces - hashPage)))).toBe(v1.proofOfSecondPage)
      }
      expect(seal.combined).toBe(v1.combined)
    })
  }

  // FIPS 180-4, each message as one piece
  for (const { message, digest } of [
    { message: 'abc', digest: 'a9993e364706816aba3e25717850c26c9cd0d89d' },
    { message: 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', digest: '84983e441c3bd26ebaae4aa1f95129e5e54670f1' },
    { message: 'a'.repeat(1_000_000), digest: '34aa973cd4c4daa4f61eeb2bdbad27316534016f' }
  ]) {
    it(`on the message of ${message.length} characters of FIPS 180`, async () => {
      const content = new TextEncoder().encode(message)
      const layout = { length: content.byteLength, pieceLength: 2 ** 20 }
      const { seal, manifest } = await sealed(integrity, layout, content)
      expect(toHex(seal.hashes)).toBe(digest)
      expect(await integrity.verify(manifest, 0, seal.hashes, [content])).toBe(true)
    })
  }
})

describe('integrity-sha1 refuses', () => {
  for (const options of [{ threads: 0 }, { threads: 1.5 }, { threads: 'many' }, { thread: 1 }]) {
    it(`the options ${JSON.stringify(options)}`, async () => {
      await expect(make(options)).rejects.toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
    })
  }
})
