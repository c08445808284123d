import { describe, expect, it } from 'vitest'
import { derivePassword, loginStatement } from 'shoal/plugin'
import { generateKey } from '../../src/keys/ed25519.ts'
import { password } from '../../src/testing/tracker-rig.ts'
import { testRealm } from './realm.ts'
import type { TestRealm } from './realm.ts'

const dayMs = 24 * 3_600_000

const tokenOf = async ({ service, clock, tracker }: TestRealm, user = 'alice') => {
  await tracker.register(user, password)
  const device = await generateKey()
  const at = clock.now()
  const key = await derivePassword(password, await service.passwordParameters(user))
  return await service.login({ user, key, device: device.peer, at, signature: await device.sign(loginStatement(service.realm.pin, user, device.peer, at)) }, 'here')
}

const expired = { code: 'SESSION_EXPIRED' }

describe('a token', () => {
  it('outlives the tracker that gave it', async () => {
    const realm = await testRealm()
    const { token, vouch } = await tokenOf(realm)
    await realm.service.stop()
    for (let restart = 0; restart < 3; restart++) {
      const { service } = await realm.again()
      expect(service.realm.pin).toBe(realm.service.realm.pin)
      const session = await service.resume(token)
      expect([session.user, session.vouch]).toEqual(['alice', vouch])
      expect(await session.groups()).toEqual([])
      await service.stop()
    }
  })

  it('is good for 30 days', async () => {
    const realm = await testRealm()
    const { token, expires } = await tokenOf(realm)
    expect(expires).toBe(realm.clock.now() + 30 * dayMs)
    await realm.clock.advance(30 * dayMs - 1)
    const session = await realm.service.resume(token)
    await realm.clock.advance(1)
    await expect(realm.service.resume(token)).rejects.toMatchObject(expired)
    await expect(session.groups()).rejects.toMatchObject(expired)
  })

  it('is refused when it was changed, cut, made up, or is of another realm', async () => {
    const [realm, other] = [await testRealm(), await testRealm()]
    const { token } = await tokenOf(realm)
    for (let at = 0; at < token.length; at += 7) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
      await expect(realm.service.resume(changed)).rejects.toMatchObject(expired)
    }
    for (const bad of ['', 'x', token.slice(1), `${token}A`, `${token} `, 'é'.repeat(50), 'A'.repeat(100_000)]) await expect(realm.service.resume(bad)).rejects.toMatchObject(expired)
    await expect(other.service.resume(token)).rejects.toMatchObject(expired)
    await realm.service.resume(token)
  })

  it('ends for good at logout: after a restart, and on another tracker within a second', async () => {
    const realm = await testRealm()
    const second = await realm.again()
    const { token } = await tokenOf(realm)
    const elsewhere = await second.service.resume(token)
    await (await realm.service.resume(token)).logout()
    await expect(realm.service.resume(token)).rejects.toMatchObject(expired)
    await realm.clock.advance(1000)
    await expect(elsewhere.groups()).rejects.toMatchObject(expired)
    await expect((await realm.again()).service.resume(token)).rejects.toMatchObject(expired)
  })

  it('leaves no trace once its time is over', async () => {
    const realm = await testRealm()
    const { token } = await tokenOf(realm)
    await (await realm.service.resume(token)).logout()
    expect(await realm.keys('revoked/')).toHaveLength(1)
    await realm.clock.advance(29 * dayMs)
    await realm.service.swept()
    expect(await realm.keys('revoked/')).toHaveLength(1)
    await realm.clock.advance(2 * dayMs)
    await realm.service.swept()
    expect(await realm.keys('revoked/')).toEqual([])
  })
})
