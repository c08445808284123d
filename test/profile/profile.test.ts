import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import memoryPlugin from 'shoal/plugins/state-memory'
import sqlitePlugin from 'shoal/plugins/state-sqlite'
import type { ContentId, GroupId, GroupName, PeerId, RealmPin, State, UserName } from '../../src/contract/index.ts'
import { createProfile } from '../../src/profile/index.ts'
import type { DownloadRecord, ShareRecord } from '../../src/profile/index.ts'

const home = await mkdtemp(join(tmpdir(), 'shoal-profile-'))
afterAll(() => rm(home, { recursive: true, force: true }))
let count = 0
const states: readonly (readonly [string, () => Promise<State>])[] = [
  ['memory', () => memoryPlugin().create({ log: () => undefined })],
  ['sqlite', () => sqlitePlugin({ path: join(home, `${++count}.sqlite`) }).create({ log: () => undefined })]
]

const peerText = (letter: string): PeerId => `12D3KooW${letter.repeat(44)}` as PeerId
const peer = peerText('a')
const alice = 'alice' as UserName
const bob = 'bob' as UserName
const group = 'ab'.repeat(32) as GroupId
const manifest = { format: 1, scheme: 'sha256', coding: 'none', length: 5, pieceLength: 16_384, root: 'cd'.repeat(32) } as const
const identity = { inode: '12', size: 5, mtime: '1700000000000000001', ctime: '1700000000000000002' }
const both = { user: alice, group, groupName: 'team' as GroupName, name: 'Grüße.txt', content: 'ef'.repeat(32) as ContentId, manifest }
const share: ShareRecord = { id: 's-1', ...both, path: '/home/alice/Grüße.txt', identity, addedAt: 1_700_000_000_000 }
const download: DownloadRecord = {
  id: 'd-1', ...both, combined: '12'.repeat(20), folder: '/home/alice', fileName: 'a.txt', overwrite: false, state: 'running', startedAt: 1_700_000_000_000, activeMs: 12.5,
  haveBytes: 1, fetchedBytes: 2, resumedBytes: 3, hashedBytes: 4, wastedBytes: 5,
  bytesByPeer: [{ user: bob, peer, bytes: 1, transport: 'tcp' }, { user: undefined, peer: peerText('b'), bytes: 0, transport: '' }]
}

describe.each(states)('a profile in %s', (_, open) => {
  const opened = async (): Promise<State> => {
    const state = await open()
    onTestFinished(() => state.stop())
    return state
  }
  const overwrite = async (state: State, key: string, change: (value: Uint8Array) => Uint8Array): Promise<void> => {
    const entry = await state.get(key)
    if (entry === undefined) throw new Error(`Nothing at ${key}.`)
    await state.txn([], [{ put: key, value: change(entry.value) }])
  }

  it('makes its device key once', async () => {
    const state = await opened()
    const [first, second] = await Promise.all([createProfile(state), createProfile(state)])
    const third = await createProfile(state)
    const peers = await Promise.all([first, second, third].map(async profile => (await profile.deviceKey()).peer))
    expect(new Set(peers).size).toBe(1)
    const device = await third.deviceKey()
    expect(await device.sign(Uint8Array.of(1))).toHaveLength(64)
  })

  it('starts with no other key when its own is damaged', async () => {
    const state = await opened()
    await createProfile(state)
    for (const value of [Uint8Array.of(), Uint8Array.of(2, 1, 1), Uint8Array.of(1, 9)]) {
      await state.txn([], [{ put: 'device-key', value }])
      await expect(createProfile(state)).rejects.toMatchObject({ code: 'STATE_FAILED' })
      expect((await state.get('device-key'))?.value).toEqual(value)
    }
  })

  it('remembers settings and pins', async () => {
    const profile = await createProfile(await opened())
    expect(await profile.settings.get('port')).toBeUndefined()
    await profile.settings.set('port', '4001')
    await profile.settings.set('port', '4002')
    await profile.pins.set('[::1]:7400', 'ab'.repeat(32) as RealmPin)
    expect([await profile.settings.get('port'), await profile.pins.get('[::1]:7400'), await profile.pins.get('port')]).toEqual(['4002', 'ab'.repeat(32), undefined])
    await profile.settings.delete('port')
    expect(await profile.settings.get('port')).toBeUndefined()
  })

  it('takes a damaged setting as none, and a damaged pin as an error', async () => {
    const state = await opened()
    const lines: string[] = []
    const profile = await createProfile(state, { log: line => { lines.push(line) } })
    await profile.settings.set('port', '1')
    await profile.pins.set('host:1', 'ab'.repeat(32) as RealmPin)
    await overwrite(state, 'setting/port', () => Uint8Array.of(7))
    expect(await profile.settings.get('port')).toBeUndefined()
    expect(lines).toHaveLength(1)
    for (const damage of [Uint8Array.of(), Uint8Array.of(1, 0x61), Uint8Array.of(1, 0xff)]) {
      await overwrite(state, 'pin/host:1', () => damage)
      await expect(profile.pins.get('host:1')).rejects.toMatchObject({ code: 'STATE_FAILED' })
    }
    await profile.pins.set('host:1', 'cd'.repeat(32) as RealmPin)
    expect(await profile.pins.get('host:1')).toBe('cd'.repeat(32))
  })

  it('gives back shares and downloads as they were put, of that user only', async () => {
    const profile = await createProfile(await opened())
    const failed: ShareRecord = { ...share, id: 's-2', error: { code: 'SOURCE_CHANGED', message: 'It changed.' } }
    await profile.shares.put(share)
    await profile.shares.put(failed)
    await profile.shares.put({ ...share, user: bob })
    await profile.downloads.put(download)
    const done: DownloadRecord = { ...download, state: 'complete', finishedPath: '/home/alice/a.txt', identity }
    await profile.downloads.put(done)
    expect(await profile.shares.all(alice)).toEqual([share, failed])
    expect(await profile.shares.all('ali' as UserName)).toEqual([])
    expect(await profile.downloads.all(alice)).toEqual([done])
    await profile.shares.delete(alice, 's-1')
    await profile.shares.delete(alice, 'never')
    expect(await profile.shares.all(alice)).toEqual([failed])
    expect(await profile.shares.all(bob)).toHaveLength(1)
  })

  it('lists records oldest first, more than a page of them', async () => {
    const profile = await createProfile(await opened())
    const order = Array.from({ length: 230 }, (_, i) => (i * 97) % 230)
    await Promise.all(order.map(age => profile.downloads.put({ ...download, id: `d-${order.indexOf(age)}`, startedAt: age })))
    expect((await profile.downloads.all(alice)).map(({ startedAt }) => startedAt)).toEqual(order.toSorted((a, b) => a - b))
  })

  it('passes over a damaged record, and tells it once', async () => {
    const state = await opened()
    const lines: string[] = []
    const profile = await createProfile(state, { log: line => { lines.push(line) } })
    const text = new TextEncoder()
    const json = (value: object): Uint8Array => Uint8Array.of(1, ...text.encode(JSON.stringify(value)))
    const damage = [
      Uint8Array.of(), Uint8Array.of(2, 0x7b, 0x7d), Uint8Array.of(1, 0xff), Uint8Array.of(1, 0x7b), json({}), json([]), json({ ...share, group: 'no hash' }),
      json({ ...share, manifest: { ...manifest, pieceLength: 17_000 } }), json({ ...share, user: 'bob' }), json({ ...share, error: { code: 'NO_SUCH_CODE', message: '' } }),
      json({ ...share, identity: { ...identity, size: -1 } })
    ]
    await profile.shares.put(share)
    for (const [i, value] of damage.entries()) await state.txn([], [{ put: `share/alice/x-${i}`, value }])
    expect(await profile.shares.all(alice)).toEqual([share])
    expect(await profile.shares.all(alice)).toEqual([share])
    expect(lines).toHaveLength(damage.length)
    expect(lines[0]).toContain('share/alice/x-0')
  })

  it('keeps a download that very many peers supplied: those who gave most', async () => {
    const profile = await createProfile(await opened())
    const bytesByPeer = Array.from({ length: 3_000 }, (_, bytes) => ({ user: 'u'.repeat(64) as UserName, peer, bytes, transport: 'webrtc' }))
    await profile.downloads.put({ ...download, bytesByPeer })
    const [kept] = await profile.downloads.all(alice)
    expect(kept?.bytesByPeer).toHaveLength(256)
    expect(kept?.bytesByPeer[0]?.bytes).toBe(2_999)
  })

  const entry = (i: number, bytes = 400): Uint8Array => new Uint8Array(bytes).fill(i % 251)

  it('keeps logs of groups apart, and appends only where they end', async () => {
    const { logs } = await createProfile(await opened())
    const other = 'cd'.repeat(32) as GroupId
    expect(await logs.read(group)).toEqual([])
    expect(await logs.append(group, 0, [entry(0), entry(1)])).toBe(true)
    expect(await logs.append(group, 0, [entry(9)])).toBe(false)
    expect(await logs.append(group, 3, [entry(9)])).toBe(false)
    expect(await logs.append(group, 2, [entry(2)])).toBe(true)
    expect(await logs.append(other, 0, [entry(7)])).toBe(true)
    expect(await logs.read(group)).toEqual([entry(0), entry(1), entry(2)])
    await logs.drop(group)
    expect([await logs.read(group), await logs.read(other)]).toEqual([[], [entry(7)]])
  })

  it('keeps a log of 10,000 entries, however they came', async () => {
    const { logs } = await createProfile(await opened())
    const entries = Array.from({ length: 10_000 }, (_, i) => entry(i, i % 7 === 0 ? 4096 : 300))
    for (let at = 0; at < entries.length;) {
      const count = 1 + (at * 31) % 2_500
      expect(await logs.append(group, at, entries.slice(at, at + count))).toBe(true)
      at += count
    }
    expect(await logs.read(group)).toEqual(entries)
    expect(await logs.append(group, 10_000, [entry(5)])).toBe(true)
    await logs.drop(group)
    expect(await logs.read(group)).toEqual([])
  })

  it('forgets a damaged log, so that it is read from the tracker again', async () => {
    const state = await opened()
    const lines: string[] = []
    const { logs } = await createProfile(state, { log: line => { lines.push(line) } })
    const fill = async (): Promise<readonly string[]> => {
      expect(await logs.append(group, 0, Array.from({ length: 40 }, (_, i) => entry(i, 4096)))).toBe(true)
      return (await state.list('log')).map(({ key }) => key)
    }
    const keys = await fill()
    expect(keys.length).toBeGreaterThan(3)
    for (const key of keys) {
      await overwrite(state, key, value => value.subarray(0, value.byteLength - 1))
      expect(await logs.read(group)).toEqual([])
      await fill()
      await state.txn([], [{ delete: key }])
      expect(await logs.read(group)).toEqual([])
      await fill()
    }
    expect(lines.length).toBeGreaterThanOrEqual(keys.length)
    for (const key of keys.slice(-1)) {
      await state.txn([], [{ delete: key }])
      expect(await logs.append(group, 40, [entry(1)])).toBe(false)
      expect(await logs.append(group, 0, [entry(1)])).toBe(true)
    }
  })
})
