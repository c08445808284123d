/** An honest peer that is slow: 50 kB/s. It is never dropped, whoever else is there, and next to nothing is fetched twice because of it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LinkId } from '../../src/core/io.ts'
import { until, within } from './deadline.ts'
import { createWorld, password } from './world.ts'
import type { Watched } from './world.ts'

const KiB = 1024
const up = 50_000
/** What is asked of a link whose rate is not known, and of one so slow: two requests of 64 KiB. */
const windowBytes = 128 * KiB

const openLinks = ({ twin }: Watched, { peer }: Watched): readonly LinkId[] => twin.linksTo(peer).filter(({ ended }) => ended === undefined).map(({ link }) => link)

/** The one link between them, over which something was asked: of two dials that crossed, one has ended by then on both sides. */
const theLink = async (taker: Watched, slow: Watched): Promise<LinkId> => {
  await until('there is one link, and something is asked on it', () => openLinks(slow, taker).length === 1 &&
    openLinks(taker, slow).length === 1 && openLinks(taker, slow).every(link => taker.twin.asked.has(link)))
  return openLinks(taker, slow)[0] ?? 0
}

describe.concurrent('a peer that sends 50 kB/s', () => {
  it('brings a small file as the only source, over one link', async () => {
    await using world = await createWorld()
    const slow = await world.shoal('slow', { limits: { up } })
    const taker = await world.shoal('taker')
    await slow.createGroup('crew')
    await world.join(slow, 'crew', taker)
    const { path, bytes } = world.file('file', 200 * KiB)
    await slow.share(path, 'crew', { pieceSize: 64 * KiB })
    const download = await taker.download('crew', 'file', join(world.folder, 'copy'))
    const link = await theLink(taker, slow)
    // a second's worth at once, then 50 kB/s: 3.1 s
    await within(12_000, 'the download ends', download.finished)
    expect(readFileSync(join(world.folder, 'copy')).equals(bytes)).toBe(true)
    expect(download.status()).toMatchObject({ wastedBytes: 0, fetchedBytes: 200 * KiB })
    expect(openLinks(taker, slow)).toEqual([link])
  })

  it('is kept by five who share its rate, though the last of them hears nothing for 4 s', async () => {
    await using world = await createWorld()
    const slow = await world.shoal('slow', { limits: { up } })
    const names = ['a', 'b', 'c', 'd', 'e']
    const takers = await Promise.all(names.map(name => world.shoal(`taker.${name}`)))
    await slow.createGroup('crew')
    await world.join(slow, 'crew', ...takers)
    const files = names.map(name => world.file(name, 64 * KiB))
    for (const { path } of files) await slow.share(path, 'crew', { pieceSize: 64 * KiB })
    // each another file, so that they cannot help one another
    const downloads = await Promise.all(takers.map((taker, i) => taker.download('crew', names[i] ?? '', join(world.folder, `copy${i}`))))
    const links = await Promise.all(takers.map(taker => theLink(taker, slow)))
    await within(25_000, 'the downloads end', Promise.all(downloads.map(({ finished }) => finished)))
    for (const [i, { bytes }] of files.entries()) expect(readFileSync(join(world.folder, `copy${i}`)).equals(bytes)).toBe(true)
    expect(takers.flatMap(taker => openLinks(taker, slow))).toEqual(links)
    for (const download of downloads) expect(download.status().wastedBytes).toBe(0)
  })

  it('costs at most a window of bytes beside a fast one, and is kept', async () => {
    await using world = await createWorld()
    const slow = await world.shoal('slow', { limits: { up } })
    const fast = await world.shoal('fast')
    const taker = await world.shoal('taker')
    await fast.createGroup('crew')
    await world.join(fast, 'crew', slow, taker)
    const { path, bytes } = world.file('file', 16 * KiB * KiB)
    await fast.share(path, 'crew')
    await slow.share(path, 'crew')
    await fast.logout()
    const download = await taker.download('crew', 'file', join(world.folder, 'copy'))
    const link = await theLink(taker, slow)
    await until('the slow one has brought something', () => download.status().fetchedBytes > 0)
    const began = performance.now()
    await fast.login('fast', password)
    await within(12_000, 'the download ends', download.finished)
    // alone, the slow one takes 5 minutes
    expect(performance.now() - began).toBeLessThan(12_000)
    expect(readFileSync(join(world.folder, 'copy')).equals(bytes)).toBe(true)
    expect(download.status().wastedBytes).toBeLessThanOrEqual(windowBytes)
    expect(openLinks(taker, slow)).toEqual([link])
  })
})
