import { argon2Sync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { deriveAnywhere, deriveByNode, derivePassword } from '../../src/contract/api/password.ts'

const parameters = { salt: Uint8Array.from({ length: 16 }, (_, i) => i), memoryKiB: 64, passes: 2, lanes: 1 }

describe('the key made of a password', () => {
  it('is argon2id, version 1.3, with and without what Node brings', async () => {
    for (const [password, cost] of [['x', {}], ['correct horse', { passes: 3 }], ['пароль', { memoryKiB: 256, lanes: 2 }], ['y'.repeat(1024), {}]] as const) {
      const { salt, memoryKiB, passes, lanes } = { ...parameters, ...cost }
      const expected = argon2Sync('argon2id', { message: Buffer.from(password), nonce: salt, parallelism: lanes, tagLength: 32, memory: memoryKiB, passes })
      for (const key of [
        await derivePassword(password, { ...parameters, ...cost }), await deriveAnywhere(Buffer.from(password), { ...parameters, ...cost }),
        await deriveByNode?.(Buffer.from(password), { ...parameters, ...cost })
      ]) expect(key).toEqual(new Uint8Array(expected))
    }
  })

  it('is the same however the password was composed', async () => {
    expect(await derivePassword('\u00e9', parameters)).toEqual(await derivePassword('e\u0301', parameters))
    expect(await derivePassword('a', parameters)).not.toEqual(await derivePassword('A', parameters))
  })

  it('needs 1 to 1,024 bytes', async () => {
    for (const password of ['', 'y'.repeat(1025), 'é'.repeat(513)]) await expect(derivePassword(password, parameters)).rejects.toMatchObject({ code: 'BAD_PASSWORD' })
  })
})
