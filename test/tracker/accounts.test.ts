import { describe, expect, it } from 'vitest'
import { derivePassword, loginStatement } from 'shoal/plugin'
import { toHex } from '../../src/contract/index.ts'
import type { LoginRequest } from '../../src/contract/index.ts'
import { generateKey } from '../../src/keys/ed25519.ts'
import { password } from '../../src/testing/tracker-rig.ts'
import { deviceForm } from '../../src/tracker/accounts.ts'
import { testRealm } from './realm.ts'
import type { TestRealm } from './realm.ts'

const request = async ({ service, clock }: TestRealm, user: string, changes: Partial<LoginRequest> = {}): Promise<LoginRequest> => {
  const device = await generateKey()
  const at = changes.at ?? clock.now()
  const key = await derivePassword(password, await service.passwordParameters(user))
  return { user, key, device: device.peer, at, signature: await device.sign(loginStatement(service.realm.pin, user, device.peer, at)), ...changes }
}

describe('accounts', () => {
  it('keep neither password nor key', async () => {
    const realm = await testRealm()
    const parameters = realm.service.newPasswordParameters()
    const key = await derivePassword(password, parameters)
    await realm.service.register('alice', parameters, key)
    const stored = (await realm.state.list('')).map(({ value }) => toHex(value)).join(' ')
    expect(stored).toContain(toHex(parameters.salt))
    expect(stored).not.toContain(toHex(key))
    expect(stored).not.toContain(toHex(new TextEncoder().encode(password)))
  })

  it('answer with parameters for users who do not exist: the same each time, and others for others', async () => {
    const [realm, other] = [await testRealm(), await testRealm()]
    const fake = await realm.service.passwordParameters('nobody')
    expect(await realm.service.passwordParameters('nobody')).toEqual(fake)
    expect(await (await realm.again()).service.passwordParameters('nobody')).toEqual(fake)
    expect((await realm.service.passwordParameters('somebody')).salt).not.toEqual(fake.salt)
    expect((await other.service.passwordParameters('nobody')).salt).not.toEqual(fake.salt)
    await realm.tracker.register('alice', password)
    const real = await realm.service.passwordParameters('alice')
    expect({ ...fake, salt: fake.salt.byteLength }).toEqual({ ...real, salt: real.salt.byteLength })
  })

  it('are made once even when the answer was lost and the request came again', async () => {
    const { service } = await testRealm()
    const parameters = service.newPasswordParameters()
    const key = await derivePassword(password, parameters)
    await service.register('alice', parameters, key)
    await service.register('alice', parameters, key)
    await expect(service.register('alice', service.newPasswordParameters(), key)).rejects.toMatchObject({ code: 'USER_EXISTS' })
  })

  it('are not made from absurd parameters', async () => {
    const { service } = await testRealm()
    const parameters = service.newPasswordParameters()
    const key = new Uint8Array(32)
    for (const bad of [{ memoryKiB: 2 ** 30 }, { passes: 0 }, { lanes: 100 }, { salt: new Uint8Array(4) }]) {
      await expect(service.register('alice', { ...parameters, ...bad }, key)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    }
    await expect(service.register('alice', parameters, new Uint8Array(31))).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  it('lose their sessions and watches when the password is reset', async () => {
    const realm = await testRealm()
    const alice = await realm.person('alice')
    const bob = await realm.person('bob')
    const watch = alice.session.watch(undefined, new AbortController().signal)[Symbol.asyncIterator]()
    await watch.next()
    const last = watch.next()
    const parameters = realm.service.newPasswordParameters()
    await Promise.all([
      expect(last).rejects.toMatchObject({ code: 'SESSION_EXPIRED' }),
      realm.service.resetPassword('alice', parameters, await derivePassword('new one', parameters))
    ])
    await expect(alice.session.groups()).rejects.toMatchObject({ code: 'SESSION_EXPIRED' })
    expect(await bob.session.groups()).toEqual([])
    await expect(realm.login('alice')).rejects.toMatchObject({ code: 'WRONG_PASSWORD' })
    expect((await realm.tracker.login('alice', 'new one', alice.device)).user).toBe('alice')
    await expect(realm.service.resetPassword('nobody', parameters, new Uint8Array(32))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('a login', () => {
  it('is refused when its clock is more than ten minutes off', async () => {
    const realm = await testRealm()
    await realm.tracker.register('alice', password)
    const off = 10 * 60_000
    for (const at of [realm.clock.now() - off - 1, realm.clock.now() + off + 1]) {
      await expect(realm.service.login(await request(realm, 'alice', { at }), 'here')).rejects.toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('clock') as string })
    }
    await realm.service.login(await request(realm, 'alice', { at: realm.clock.now() - off }), 'here')
  })

  it('is refused when the device did not sign this user, time and realm', async () => {
    const [realm, other] = [await testRealm(), await testRealm()]
    await realm.tracker.register('alice', password)
    const good = await request(realm, 'alice')
    const elsewhere = await request(other, 'alice', { key: good.key })
    const stranger = await generateKey()
    for (const bad of [{ ...good, at: good.at + 1 }, { ...good, device: stranger.peer }, elsewhere, { ...good, signature: new Uint8Array(64) }, { ...good, device: 'x' as never }]) {
      await expect(realm.service.login(bad, 'here')).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    }
    await realm.service.login(good, 'here')
  })

  it('is limited by failures alone: per user and address, per address, and for a minute', async () => {
    const realm = await testRealm({ failedLogins: { windowMs: 60_000, perUser: 3, perAddress: 5 } })
    for (const user of ['alice', 'bob', 'carol']) await realm.tracker.register(user, password)
    const wrong = { key: new Uint8Array(32) }
    const fail = async (user: string, from: string) => await realm.service.login(await request(realm, user, wrong), from).catch((error: unknown) => (error as { code: string }).code)
    const succeed = async (user: string, from: string) => await realm.service.login(await request(realm, user), from).then(() => 'ok', (error: unknown) => (error as { code: string }).code)
    for (let i = 0; i < 20; i++) expect(await succeed('alice', 'here')).toBe('ok')
    expect(await Promise.all(Array.from({ length: 6 }, () => fail('alice', 'here')))).toEqual(['WRONG_PASSWORD', 'WRONG_PASSWORD', 'WRONG_PASSWORD', 'TOO_MANY_ATTEMPTS', 'TOO_MANY_ATTEMPTS', 'TOO_MANY_ATTEMPTS'])
    expect([await succeed('alice', 'here'), await succeed('alice', 'there'), await succeed('bob', 'here')]).toEqual(['TOO_MANY_ATTEMPTS', 'ok', 'ok'])
    expect([await fail('bob', 'here'), await fail('no such', 'here'), await succeed('carol', 'here')]).toEqual(['WRONG_PASSWORD', 'WRONG_PASSWORD', 'TOO_MANY_ATTEMPTS'])
    await realm.clock.advance(59_999)
    expect(await succeed('carol', 'here')).toBe('TOO_MANY_ATTEMPTS')
    await realm.clock.advance(1)
    expect([await succeed('carol', 'here'), await succeed('alice', 'here')]).toEqual(['ok', 'ok'])
  })

  it('from a thousand-and-first device makes the tracker forget the one that was not used for longest', async () => {
    const realm = await testRealm()
    await realm.tracker.register('alice', password)
    for (let page = 0; page < 10; page++) {
      await realm.state.txn([], Array.from({ length: 100 }, (_, i) => {
        const number = page * 100 + i
        // number 500 logged in first of all, but was seen last
        return { put: `device/alice/${number}`, value: deviceForm.encode({ first: number === 500 ? 1 : 1_000 + number, seen: number === 500 ? 5_000 : 0 }) }
      }))
    }
    await realm.service.login(await request(realm, 'alice'), 'here')
    const left = await realm.keys('device/alice/')
    expect(left).toHaveLength(1_000)
    expect([left.includes('device/alice/0'), left.includes('device/alice/1'), left.includes('device/alice/500')]).toEqual([false, true, true])
  })
})
