/** Who is removed while downloading is cut off within 2 s, keeps what it has, and gets nothing more. The one who shares is not the one who removes. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ContentId, LogEntry } from '../../src/contract/index.ts'
import { sealEntry } from '../../src/core/log-entry.ts'
import { signEntry } from '../../src/membership/index.ts'
import { until, within } from './deadline.ts'
import type { RawLink } from './raw-peer.ts'
import { createSource, subjectOf } from './source.ts'
import { createWorld } from './world.ts'
import type { RawMember } from './world.ts'

const KiB = 1024
const pieceSize = 64 * KiB
const length = 64 * pieceSize
/** Said in the issue. */
const cutMs = 2_000

describe.concurrent('a member who is removed', () => {
  it('is cut off in the middle of a download, and keeps what it has', async () => {
    await using world = await createWorld()
    const [owner, sharer] = [await world.shoal('owner'), await world.shoal('sharer')]
    const leaver = await world.shoal('leaver', { limits: { down: 500_000 } })
    await owner.createGroup('crew')
    await world.join(owner, 'crew', sharer, leaver)
    const { path } = world.file('file', length)
    await sharer.share(path, 'crew', { pieceSize })
    const download = await leaver.download('crew', 'file', join(world.folder, 'copy'))
    download.finished.catch(() => undefined) // it is to fail
    await until('it has a part', () => download.status().haveBytes >= 4 * pieceSize)

    await owner.removeMember('crew', 'leaver')
    const isCut = (): boolean => [...sharer.twin.linksTo(leaver.peer), ...leaver.twin.linksTo(sharer.peer)].every(({ ended }) => ended !== undefined)
    await within(cutMs, 'its links are cut', until('its links are cut', isCut))
    await until('its download has failed', () => download.status().state === 'failed')
    const { haveBytes, fetchedBytes, error } = download.status()
    expect(error).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('You were removed') as string })
    expect(haveBytes).toBeGreaterThanOrEqual(4 * pieceSize)
    expect(haveBytes).toBeLessThan(length)
    expect(statSync(join(world.folder, 'copy.part')).size).toBe(length)
    expect(fetchedBytes).toBe(download.status().fetchedBytes)
    await expect(leaver.download('crew', 'file', join(world.folder, 'again'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('is cut off though it ignores its removal, and is asked for nothing more either', async () => {
    await using world = await createWorld()
    const [owner, sharer, taker] = [await world.shoal('owner'), await world.shoal('sharer'), await world.shoal('taker')]
    const raw = await world.raw('leaver')
    await owner.createGroup('crew')
    await world.join(owner, 'crew', sharer, taker, raw)
    const { path, bytes } = world.file('file', length)
    await sharer.share(path, 'crew', { pieceSize })
    const subject = await subjectOf(sharer, 'crew', 'file', bytes)
    await sharer.logout()
    // it keeps the taker waiting, and stays linked
    const source = await createSource(raw, subject, { asked: () => undefined })
    const download = await taker.download('crew', 'file', join(world.folder, 'copy'))
    download.finished.catch(() => undefined)
    await until('it is asked', () => source.heard('request').length > 0)
    const [link] = raw.links

    await owner.removeMember('crew', 'leaver')
    await within(cutMs, 'its link is cut', link?.over ?? Promise.reject(new Error('There is no link.')))
    // it comes back with the credential that it still holds
    const again = await raw.dial(taker)
    const number = again.open(subject.group, subject.content, await raw.membership.mine(subject.group))
    await again.hear('the refusal', message => message.type === 'refuse' && message.number === number)
    expect(again.heard.map(({ type }) => type)).toEqual(['hello', 'refuse'])
    expect(download.status().state).toBe('running')
  })
})

describe('a removal that a member tells', () => {
  it('is not believed when it is made up', async () => {
    await using world = await createWorld()
    const owner = await world.shoal('owner')
    const lines: string[] = []
    const [sharer, other, teller] = [await world.shoal('sharer', { log: line => { lines.push(line) } }), await world.raw('other'), await world.raw('teller')]
    await owner.createGroup('crew')
    await world.join(owner, 'crew', sharer, other, teller)
    const { path, bytes } = world.file('file', 4 * pieceSize)
    await sharer.share(path, 'crew', { pieceSize })
    const { group, content } = await subjectOf(sharer, 'crew', 'file', bytes)
    const enter = async (raw: RawMember): Promise<RawLink> => {
      const link = await raw.dial(sharer)
      link.open(group, content, await raw.membership.mine(group))
      await link.hear('what it has', ({ type }) => type === 'pieces')
      return link
    }
    const [served, telling] = [await enter(other), await enter(teller)]
    const { head } = await teller.membership.group(group)
    const entry: LogEntry = { format: 1, group, seq: head.seq + 1, prev: head.hash, at: 0, actor: teller.peer, action: { kind: 'remove', user: other.user } }
    const own = await signEntry(entry, teller.key)
    const forged = sealEntry({ ...entry, actor: owner.peer }, own.signature)
    const made = [own.bytes, forged, own.bytes.slice(0, 50), new Uint8Array(1)]
    for (const entry of made) telling.say({ type: 'removal', number: 0, entry })
    await until('each is judged', () => lines.filter(line => line.startsWith('A removal told by a peer is not believed')).length === made.length)
    // who was to be removed is served still
    const number = served.open(group, '9'.repeat(64) as ContentId, new Uint8Array())
    await served.hear('an answer', message => message.type === 'refuse' && message.number === number)
    expect([served.isOver, telling.isOver]).toEqual([false, false])

    await owner.removeMember('crew', 'other')
    await within(cutMs, 'its link is cut', served.over)
  })
})
