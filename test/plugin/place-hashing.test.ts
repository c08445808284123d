import { hash } from 'node:crypto'
import { hashNow, placeHashPool, ShoalError, toHex, webHashPool } from 'shoal/plugin'
import { contentOf, partsOf } from 'shoal/testing'
import { describe, expect, it } from 'vitest'

const digests = [
  { algorithm: 'sha1' }, { algorithm: 'sha256' },
  ...[1, 2, 32, 64].map(width => ({ algorithm: 'sha256', leaves: { bytes: 16_384, width } }))
]

describe('hashing by WebCrypto', () => {
  it.each(digests)('gives what the threads of Node give: %j', async digest => {
    const [web, threads] = [webHashPool(2), placeHashPool(2, 'test')]
    const width = 'leaves' in digest ? digest.leaves.width : 32
    for (const length of [1, 16_384, 16_385, 100_000, 512 * 1024].filter(bytes => bytes <= width * 16_384)) {
      const bytes = contentOf(length)
      const shared = new Uint8Array(new SharedArrayBuffer(length))
      shared.set(bytes)
      const expected = toHex(await threads.digest([bytes], digest))
      expect(toHex(await web.digest(partsOf(bytes), digest))).toBe(expected)
      for (const pool of [web, threads]) for (const parts of [[shared], partsOf(shared)]) expect(toHex(await pool.digest(parts, digest))).toBe(expected)
    }
    await threads.stop()
  })

  it('takes no more work once it was stopped', async () => {
    const web = webHashPool(1)
    await web.stop()
    await expect(web.digest([new Uint8Array(1)], { algorithm: 'sha1' })).rejects.toSatisfy(error => ShoalError.is(error, 'STOPPED'))
  })

  it('hashes little at once', () => {
    for (const algorithm of ['sha1', 'sha256'] as const) expect(toHex(hashNow(algorithm, contentOf(1000)))).toBe(hash(algorithm, contentOf(1000)))
  })
})
