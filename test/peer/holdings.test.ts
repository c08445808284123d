/** Which store a content lives on, of all that hold it, on a real engine. */
import { describe, expect, it } from 'vitest'
import { ShoalError } from '../../src/contract/index.ts'
import type { Store } from '../../src/contract/index.ts'
import { createHoldings } from '../../src/peer/holdings.ts'
import type { Use } from '../../src/peer/holdings.ts'
import { engineWorld } from '../engine/world.ts'
import { gate, gated } from './world.ts'

const world = async () => {
  const base = await engineWorld()
  const said: string[] = []
  const use = (id: string, store: Store, complete: boolean): Use => ({
    id, group: base.group, store, complete,
    left: () => { said.push(`${id} left`) }, supplied: () => { said.push(`${id} supplied`) }, unreadable: error => { said.push(`${id} ${error.code}`) }
  })
  const holdings = createHoldings(base.engine)
  const isComplete = (): boolean | undefined => base.engine.view.transfer(base.content)?.complete
  return { ...base, holdings, said, use, isComplete }
}

describe('a content', () => {
  it('goes over to a store that has all of it, and back when that is gone', async () => {
    const { engine, login, holdings, content, parts, store, use, said, isComplete } = await world()
    engine.attach(login)
    expect(await holdings.add(content, parts, use('download', await store(false), false))).toBe('primary')
    expect([holdings.primary(content), isComplete()]).toEqual(['download', false])
    expect(await holdings.add(content, parts, use('share', await store(true), true))).toBe('primary')
    expect([holdings.primary(content), isComplete()]).toEqual(['share', true])
    expect(said).toEqual(['download left', 'download supplied'])
    expect(holdings.source(content, 'download')?.id).toBe('share')
    expect(holdings.source(content, 'share')).toBeUndefined()
    await holdings.remove(content, 'share')
    expect([holdings.primary(content), isComplete()]).toEqual(['download', false])
    await holdings.remove(content, 'download')
    expect([holdings.primary(content), isComplete()]).toEqual([undefined, undefined])
  })

  it('stays where it is when another store joins, which is supplied when the first is complete', async () => {
    const { engine, login, holdings, content, parts, store, use, said } = await world()
    engine.attach(login)
    await holdings.add(content, parts, use('one', await store(false), false))
    expect(await holdings.add(content, parts, use('two', await store(false), false))).toBe('other')
    await holdings.complete(content, 'one', await store(true))
    expect(said).toEqual(['two supplied'])
    expect([holdings.primary(content), holdings.source(content, 'two')?.id]).toEqual(['one', 'one'])
  })

  it('that is taken up while it is given up is given up', async () => {
    const { engine, login, holdings, content, parts, store, use, isComplete } = await world()
    engine.attach(login)
    const held = gate()
    const adding = holdings.add(content, parts, use('one', gated(await store(false), 'hashes', held.pass), false))
    await held.reached
    const removing = holdings.remove(content, 'one')
    held.open()
    await Promise.all([adding, removing])
    expect([holdings.primary(content), isComplete()]).toEqual([undefined, undefined])
  })

  it('that two take up at once lives on the complete store, whichever is read first', async () => {
    const { engine, login, holdings, content, parts, store, use, isComplete } = await world()
    engine.attach(login)
    const held = gate()
    const slow = holdings.add(content, parts, use('download', gated(await store(false), 'hashes', held.pass), false))
    await held.reached
    const fast = holdings.add(content, parts, use('share', await store(true), true))
    held.open()
    await Promise.all([slow, fast])
    expect([holdings.primary(content), isComplete()]).toEqual(['share', true])
  })

  it('that cannot be taken up is not held, and others go on', async () => {
    const { engine, login, holdings, content, parts, store, use, isComplete } = await world()
    await expect(holdings.add(content, parts, use('one', await store(true), true))).rejects.toMatchObject({ code: 'NOT_LOGGED_IN' })
    expect(holdings.primary(content)).toBeUndefined()
    engine.attach(login)
    await holdings.add(content, parts, use('download', await store(false), false))
    const broken = gated(await store(true), 'hashes', () => Promise.reject(new ShoalError('STORAGE_FAILED', 'Unreadable.')))
    await expect(holdings.add(content, parts, use('share', broken, true))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    expect([holdings.primary(content), isComplete()]).toEqual(['download', false])
  })

  it('tells the one on whose store it lives, and no other, that it cannot be read', async () => {
    const { engine, login, holdings, content, parts, store, use, said } = await world()
    engine.attach(login)
    await holdings.add(content, parts, use('one', await store(true), true))
    await holdings.add(content, parts, use('two', await store(true), true))
    holdings.unreadable(content, new ShoalError('SOURCE_CHANGED', 'Changed.'))
    expect(said).toEqual(['one SOURCE_CHANGED'])
  })
})
