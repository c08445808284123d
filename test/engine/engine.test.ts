/** An engine between a login and its end, on real parts. What it exchanges with others is shown where whole peers are. */
import { expect, it } from 'vitest'
import { engineWorld } from './world.ts'
import { gate, gated } from '../peer/world.ts'

it('nothing is taken up while nobody is logged in', async () => {
  const { engine, content, parts, group, store } = await engineWorld()
  await expect(engine.take(content, { ...parts, store: await store(true), groups: [group] })).rejects.toMatchObject({ code: 'NOT_LOGGED_IN' })
  expect(engine.view.transfer(content)).toBeUndefined()
})

it('the end of a login lays everything down, and the next begins anew', async () => {
  const { engine, login, content, parts, group, store, events } = await engineWorld()
  engine.attach(login)
  await engine.take(content, { ...parts, store: await store(true), groups: [group] })
  await engine.settled()
  expect(engine.view.transfer(content)?.complete).toBe(true)
  await engine.detach()
  expect(engine.view.transfer(content)).toBeUndefined()
  engine.attach(login)
  await engine.take(content, { ...parts, store: await store(false), groups: [group] })
  expect(engine.view.transfer(content)?.complete).toBe(false)
  expect(events.filter(({ type }) => type === 'complete')).toHaveLength(1)
})

it('a login that ends while a store is read takes nothing up', async () => {
  const { engine, login, content, parts, group, store } = await engineWorld()
  engine.attach(login)
  const held = gate()
  const taking = expect(engine.take(content, { ...parts, store: gated(await store(true), 'hashes', held.pass), groups: [group] })).rejects.toMatchObject({ code: 'NOT_LOGGED_IN' })
  await held.reached
  await engine.detach()
  held.open()
  await taking
  expect(engine.view.transfer(content)).toBeUndefined()
})

it('what is settled is known to the tracker', async () => {
  const { engine, login: { session, membership }, content, parts, group, store } = await engineWorld()
  await session.share(group, { name: 'a', manifest: parts.manifest, content, replace: false })
  engine.attach({ session, membership })
  await engine.take(content, { ...parts, store: await store(true), groups: [group] })
  await engine.settled()
  const [file] = await session.files(group, { name: 'a' })
  expect(file?.versions[0]?.sharers[0]).toMatchObject({ user: 'ann', online: true })
})
