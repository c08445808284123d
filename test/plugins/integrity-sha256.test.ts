import { toHex, hashPage } from 'shoal/plugin'
import sha256 from 'shoal/plugins/integrity-sha256'
import { contentOf, integritySuite, runSuite, sealed } from 'shoal/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { sha256Of, vectors } from '../fixtures/integrity/vectors.ts'

const quiet = { log: () => { /* quiet */ } }
const make = async (options = {}) => sha256(options).create(quiet)

runSuite('integrity-sha256', integritySuite, async () => {
  const integrity = await make()
  return { subject: integrity, release: async () => integrity.stop?.() }
})

describe('integrity-sha256 agrees with another program (BEP 52)', async () => {
  const integrity = await make({ threads: 2 })
  afterAll(async () => integrity.stop?.())

  for (const { length, pieceLength, sha256OfContent, v2 } of vectors) {
    it(`on ${length} bytes in pieces of ${pieceLength}`, async () => {
      const layout = { length, pieceLength }
      const content = contentOf(length)
      expect(sha256Of(content)).toBe(sha256OfContent)
      const { seal, manifest } = await sealed(integrity, layout, content)
      expect(seal.root).toBe(v2.root)
      expect(sha256Of(seal.hashes)).toBe(v2.sha256OfHashes)
      if (v2.hashes !== undefined) expect(toHex(seal.hashes)).toBe(v2.hashes.join(''))
      if (v2.proofOfSecondPage !== undefined) {
        expect(toHex(integrity.proof(manifest, seal.hashes, hashPage, Math.min(hashPage, v2.pieces - hashPage)))).toBe(v2.proofOfSecondPage)
      }
      expect(seal.combined).toBeUndefined()
    })
  }

  // FIPS 180-4: a content of at most one leaf has its plain SHA-256 as root
  for (const [message, root] of Object.entries({
    'abc': 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq': '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    '': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
  })) {
    it(`on the message "${message}" of FIPS 180`, async () => {
      const content = new TextEncoder().encode(message)
      expect((await sealed(integrity, { length: content.byteLength, pieceLength: 16384 }, content)).seal.root).toBe(root)
    })
  }
})

describe('integrity-sha256 refuses', () => {
  for (const options of [{ threads: 0 }, { threads: 1.5 }, { threads: 'many' }, { thread: 1 }]) {
    it(`the options ${JSON.stringify(options)}`, async () => {
      await expect(make(options)).rejects.toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
    })
  }
})
