/** Downloads through every race that a user, a login and a disk can make of them. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import integritySha256 from 'shoal/plugins/integrity-sha256'
import { definePlugin, ShoalError } from '../../src/contract/index.ts'
import type { Storage } from '../../src/contract/index.ts'
import { faults } from '../../src/testing/index.ts'
import { createWorld, gate, gated, KiB, password } from './world.ts'
import type { Gate } from './world.ts'

const length = 1_200 * KiB

const gatedOpen = (held: Gate, isHeld: (place: object) => boolean) => (storage: Storage): Storage => ({
  async open (manifest, place, signal) {
    if (isHeld(place)) await held.pass()
    return storage.open(manifest, place, signal)
  }
})
const isDownload = (place: object): boolean => 'folder' in place

describe('a download', () => {
  it('of one file that is ordered twice at once is begun once', async () => {
    const world = await createWorld()
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob')]
    await world.group('films', ann, bob)
    const path = world.file('a.bin', length)
    await ann.share(path, 'films')
    const results = await Promise.allSettled([1, 2, 3].map(() => bob.download('films', 'a.bin', join(world.folder, 'to/'))))
    expect(results.map(result => result.status === 'rejected' ? (result.reason as { code: string }).code : 'begun').sort()).toEqual(['ALREADY_DOWNLOADING', 'ALREADY_DOWNLOADING', 'begun'])
    for (const result of results) if (result.status === 'fulfilled') await result.value.finished
    expect(bob.downloads()).toHaveLength(1)
    expect(readFileSync(join(world.folder, 'to/a.bin')).equals(readFileSync(path))).toBe(true)
  })

  it('that the disk has no space for says so, whoever is online', async () => {
    const world = await createWorld()
    const full = (storage: Storage): Storage => ({
      open: (manifest, place, signal) => isDownload(place) ? Promise.reject(new ShoalError('STORAGE_FULL', 'No space.')) : storage.open(manifest, place, signal)
    })
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob', { storage: full })]
    await world.group('films', ann, bob)
    await ann.share(world.file('a.bin', length), 'films')
    const said = (async () => {
      for await (const event of bob.events()) if (event.type === 'download' && event.change === 'waiting') return event.detail
      return undefined
    })()
    await bob.download('films', 'a.bin', join(world.folder, 'to/'))
    expect(await said).toBe('No space.')
    expect(bob.downloads()[0]?.waiting).toBe('waiting: No space.')
  })

  it('that is cancelled while its place is opened leaves nothing, and can be ordered again', async () => {
    const world = await createWorld()
    const held = gate()
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob', { storage: gatedOpen(held, isDownload) })]
    await world.group('films', ann, bob)
    await ann.share(world.file('a.bin', length), 'films')
    const download = await bob.download('films', 'a.bin', join(world.folder, 'to/'))
    await held.reached
    const cancelled = bob.cancelDownload('films', 'a.bin')
    held.open()
    await cancelled
    await expect(download.finished).rejects.toMatchObject({ code: 'INTERRUPTED' })
    expect(readdirSync(join(world.folder, 'to'))).toEqual([])
    expect(bob.downloads()).toEqual([])
    await (await bob.download('films', 'a.bin', join(world.folder, 'to/'))).finished
  })

  it('that gets its name while it is cancelled is complete, and stays', async () => {
    const world = await createWorld()
    const held = gate()
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob', { storage: storage => faults.stores(storage, store => gated(store, 'finish', held.pass)) })]
    await world.group('films', ann, bob)
    await ann.share(world.file('a.bin', length), 'films')
    const download = await bob.download('films', 'a.bin', join(world.folder, 'to/'))
    await held.reached
    const cancelled = bob.cancelDownload('films', 'a.bin')
    held.open()
    await expect(cancelled).rejects.toMatchObject({ code: 'NO_DOWNLOAD' })
    await download.finished
    expect(bob.downloads()).toMatchObject([{ state: 'complete' }])
  })

  it('that is opened while its user logs out goes on at the next login', async () => {
    const world = await createWorld()
    const held = gate()
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob', { storage: gatedOpen(held, isDownload) })]
    await world.group('films', ann, bob)
    await ann.share(world.file('a.bin', length), 'films')
    const download = await bob.download('films', 'a.bin', join(world.folder, 'to/'))
    await held.reached
    const logout = bob.logout()
    held.open()
    await logout
    await expect(download.finished).rejects.toMatchObject({ code: 'STOPPED' })
    const complete = nextComplete(bob.events())
    expect(await bob.login('bob', password)).toMatchObject({ downloads: 1 })
    await complete
    expect(bob.downloads()).toMatchObject([{ state: 'complete', haveBytes: length, fetchedBytes: length, bytesByPeer: [{ user: 'ann', bytes: length, transport: 'memory' }] }])
  })

  it('that gets its name while its user logs out is complete at the next login', async () => {
    const world = await createWorld()
    const held = gate()
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob', { home: 'bob', storage: storage => faults.stores(storage, store => gated(store, 'finish', held.pass)) })]
    await world.group('films', ann, bob)
    await ann.share(world.file('a.bin', length), 'films')
    const download = await bob.download('films', 'a.bin', join(world.folder, 'to/'))
    await held.reached
    const logout = bob.logout()
    held.open()
    await logout
    await download.finished
    await bob.login('bob', password)
    expect(bob.downloads()).toMatchObject([{ state: 'complete', fetchedBytes: length }])
    // and is a source, as its own file
    await ann.logout()
    const carl = await world.peer('carl')
    await ann.login('ann', password)
    await carl.joinGroup('films')
    await ann.acceptRequest('films', 'carl')
    await ann.logout()
    await (await carl.download('films', 'a.bin', join(world.folder, 'carl/'))).finished
    expect(carl.downloads()).toMatchObject([{ bytesByPeer: [{ user: 'bob', bytes: length }] }])
  })

  it('that has its name, of which the record does not know, is complete at the next login', async () => {
    const world = await createWorld()
    let isBroken = false
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob', {
      home: 'bob',
      storage: storage => faults.stores(storage, store => gated(store, 'finish', () => { isBroken = true; return Promise.resolve() })),
      state: state => faults.failing(state, { method: 'txn', when: () => isBroken, error: () => new ShoalError('STATE_FAILED', 'The disk is said to be broken.') })
    })]
    await world.group('films', ann, bob)
    const path = world.file('a.bin', length)
    await ann.share(path, 'films')
    await (await bob.download('films', 'a.bin', join(world.folder, 'to/'))).finished
    await bob.logout()
    isBroken = false
    const complete = nextComplete(bob.events())
    await bob.login('bob', password)
    await complete
    expect(bob.downloads()).toMatchObject([{ state: 'complete', haveBytes: length, resumedBytes: length }])
    expect(readFileSync(join(world.folder, 'to/a.bin')).equals(readFileSync(path))).toBe(true)
  })

  it('whose integrity scheme is not here any more is listed with the reason, told once per login, and can be cancelled', async () => {
    const world = await createWorld()
    const twin = definePlugin('integrity', 'twin', async (_options, context) => ({ ...await integritySha256().create(context), scheme: 'twin' }))
    const opened = gate()
    opened.open()
    const ann = await world.peer('ann', { use: [twin()] })
    const before = await world.peer('bob', { home: 'bob', use: [twin()], storage: storage => faults.stores(storage, store => gated(store, 'reserve', opened.pass)) })
    await world.group('films', ann, before)
    await ann.share(world.file('a.bin', length), 'films', { integrity: 'twin' })
    await ann.logout()
    const download = await before.download('films', 'a.bin', join(world.folder, 'to/'))
    await opened.reached
    await before.stop()
    await expect(download.finished).rejects.toMatchObject({ code: 'STOPPED' })
    expect(readdirSync(join(world.folder, 'to'))).not.toEqual([])

    const bob = await world.bare({ home: 'bob' })
    const warnings: string[] = []
    const telling = (async () => { for await (const event of bob.events()) if (event.type === 'warning') warnings.push(event.detail) })()
    expect(await bob.login('bob', password)).toMatchObject({ downloads: 0 })
    expect(bob.downloads()).toMatchObject([{ state: 'running', waiting: 'waiting: "a.bin" uses the integrity scheme twin, which is not here. Add its plugin with --integrity' }])
    await bob.cancelDownload('films', 'a.bin')
    expect(bob.downloads()).toEqual([])
    expect(readdirSync(join(world.folder, 'to'))).toEqual([])
    await bob.logout()
    await bob.login('bob', password)
    expect(bob.downloads()).toEqual([])
    await bob.stop()
    await telling
    expect(warnings).toEqual([expect.stringMatching(/^A download is not resumed: .* scheme twin, .*`cancel_download` ends it\.$/)])
  })

  it('of a file without bytes is complete at once', async () => {
    const world = await createWorld()
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob')]
    await world.group('films', ann, bob)
    await ann.share(world.file('none', 0), 'films')
    await (await bob.download('films', 'none', join(world.folder, 'to/'))).finished
    expect(readFileSync(join(world.folder, 'to/none')).byteLength).toBe(0)
    expect(bob.downloads()).toMatchObject([{ state: 'complete', haveBytes: 0, fetchedBytes: 0 }])
  })

  it('that cannot be opened fails with the reason, and the next attempt takes its place in the list', async () => {
    const world = await createWorld()
    const held = gate()
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob', { storage: gatedOpen(held, isDownload) })]
    await world.group('films', ann, bob)
    await ann.share(world.file('a.bin', length), 'films')
    const download = await bob.download('films', 'a.bin', join(world.folder, 'to/'))
    await held.reached
    writeFileSync(join(world.folder, 'to/a.bin'), 'mine')
    held.open()
    await expect(download.finished).rejects.toMatchObject({ code: 'FILE_EXISTS' })
    await (await bob.download('films', 'a.bin', join(world.folder, 'other/'))).finished
    expect(bob.downloads().map(({ state }) => state)).toEqual(['complete'])
    expect(readFileSync(join(world.folder, 'to/a.bin'), 'utf8')).toBe('mine')
  })
})

/** Resolves with the event of the next completion. */
const nextComplete = async (events: AsyncIterable<{ readonly type: string, readonly change?: string }>): Promise<void> => {
  for await (const event of events) if (event.type === 'download' && event.change === 'complete') return
}

describe('a content that is here already', () => {
  it('and shared by oneself is copied, not fetched', async () => {
    const world = await createWorld()
    const ann = await world.peer('ann')
    await world.group('films', ann)
    const path = world.file('a.bin', length)
    await ann.share(path, 'films')
    await (await ann.download('films', 'a.bin', join(world.folder, 'to/'))).finished
    expect(readFileSync(join(world.folder, 'to/a.bin')).equals(readFileSync(path))).toBe(true)
    expect(ann.downloads()).toMatchObject([{ state: 'complete', fetchedBytes: 0, haveBytes: length, bytesByPeer: [] }])
  })

  it('is copied by a download that waits for it, as soon as it is shared from another path', async () => {
    const world = await createWorld()
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob')]
    await world.group('films', ann, bob)
    await ann.share(world.file('a.bin', length), 'films')
    await ann.logout()
    const download = await bob.download('films', 'a.bin', join(world.folder, 'to/'))
    await bob.share(world.file('same.bin', length, 'a.bin'), 'films')
    await download.finished
    expect(bob.downloads()).toMatchObject([{ state: 'complete', fetchedBytes: 0 }])
  })

  it('is fetched once for two downloads of it, also when the one that is fetched is cancelled', async () => {
    const world = await createWorld()
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob')]
    await world.group('films', ann, bob)
    const path = world.file('a.bin', length)
    await ann.share(path, 'films')
    await ann.share(path, 'films', { name: 'b.bin' })
    await ann.share(path, 'films', { name: 'c.bin' })
    await ann.logout()
    mkdirSync(join(world.folder, 'to'))
    await bob.download('films', 'a.bin', join(world.folder, 'to'))
    const [b, c] = [await bob.download('films', 'b.bin', join(world.folder, 'to')), await bob.download('films', 'c.bin', join(world.folder, 'to'))]
    await bob.cancelDownload('films', 'a.bin')
    await ann.login('ann', password)
    await Promise.all([b.finished, c.finished])
    expect(readdirSync(join(world.folder, 'to')).sort()).toEqual(['b.bin', 'c.bin'])
    expect(bob.downloads().reduce((sum, { fetchedBytes }) => sum + fetchedBytes, 0)).toBe(length)
  })

  it('but whose copy changed is fetched from others, and counts what came before', async () => {
    const world = await createWorld()
    const held = gate()
    const isShared = new Set<object>()
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob', {
      storage: storage => faults.stores(storage, (store, place) => {
        if ('existing' in place && place.existing.endsWith('same.bin')) isShared.add(store)
        return isShared.has(store) ? gated(store, 'read', held.pass) : store
      })
    })]
    await world.group('films', ann, bob)
    await ann.share(world.file('a.bin', length), 'films')
    const same = world.file('same.bin', length, 'a.bin')
    await bob.share(same, 'films', { name: 'mine.bin' })
    const download = await bob.download('films', 'a.bin', join(world.folder, 'to/'))
    await held.reached
    writeFileSync(same, 'something else')
    held.open()
    await download.finished
    expect(readFileSync(join(world.folder, 'to/a.bin')).equals(readFileSync(join(world.folder, 'a.bin')))).toBe(true)
    expect(bob.shares()).toMatchObject([{ error: { code: 'SOURCE_CHANGED' } }])
    expect(bob.downloads()).toMatchObject([{ state: 'complete', fetchedBytes: length }])
  })
})
