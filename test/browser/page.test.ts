import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bytesOf, createWorld, eventually, finished, hashOf, MiB } from '../e2e/world.ts'
import { chromiumPath, noChromium } from './chromium.ts'
import { visit, webrtcAddress } from './visitor.ts'

const all = 32 * MiB

describe('a peer in a page of a real Chromium', () => {
  it('logs in, joins, downloads 32 MiB over WebRTC, checks it, and serves it to another after the first is gone', { timeout: 180_000 }, async ({ skip }) => {
    if (chromiumPath === undefined) skip(noChromium)
    const world = await createWorld()
    const tracker = await webrtcAddress(world)
    const [ann, bob, bea] = [await world.user('ann'), await world.user('bob'), await visit()]
    await world.group('crew', ann, ['bob', bob])
    const file = world.file('big.bin', all)
    await ann.run('upload_file', file, 'crew')

    await bea.enter('Create account', 'bea', tracker)
    await bea.inside()
    await bea.join('crew', 'ann')
    await ann.run('accept_request', 'crew', 'bea')
    await bea.open('crew')
    await bea.click('Download big.bin')
    await bea.sees('Save big.bin')
    const [got] = await bea.downloads()
    expect(got).toMatchObject({ state: 'complete', haveBytes: all, fetchedBytes: all, wastedBytes: 0, bytesByPeer: [{ user: 'ann', bytes: all, transport: 'webrtc' }] })
    expect(await bea.hashOf('/downloads/big.bin')).toBe(hashOf(file))

    await ann.quit()
    await bob.run('download_file', 'crew', 'big.bin', world.path('copy'))
    const { bytesByPeer } = await finished(bob, 'big.bin', 60_000)
    expect(bytesByPeer).toMatchObject([{ user: 'bea', bytes: all, transport: 'webrtc' }])
    expect(hashOf(world.path('copy'))).toBe(hashOf(file))
  })

  it('goes on after a reload from every piece it had, with the same device key', { timeout: 180_000 }, async ({ skip }) => {
    if (chromiumPath === undefined) skip(noChromium)
    const world = await createWorld()
    const tracker = await webrtcAddress(world)
    const [ann, bea] = [await world.user('ann', { args: ['--up-limit', '4MiB'] }), await visit()]
    await ann.run('create_group', 'crew')
    const file = world.file('big.bin', all)
    await ann.run('upload_file', file, 'crew')
    await bea.enter('Create account', 'bea', tracker)
    await bea.inside()
    await bea.join('crew', 'ann')
    await ann.run('accept_request', 'crew', 'bea')
    await bea.open('crew')
    await bea.click('Download big.bin')
    const before = await eventually('a third of the file', 60_000, async () => (await bea.downloads()).find(({ haveBytes }) => haveBytes > all / 3))
    expect(before.state).toBe('running')
    const device = await bea.device()

    await bea.page.reload()
    const [recorded] = await bea.recorded()
    await bea.enter('Log in', 'bea', tracker)
    await bea.inside()
    expect(await bea.device()).toBe(device)
    await bea.open('crew')
    await bea.sees('Save big.bin')
    const [got] = await bea.downloads()
    expect(got).toMatchObject({ state: 'complete', wastedBytes: 0 })
    expect(got?.resumedBytes).toBeGreaterThanOrEqual(before.haveBytes)
    expect((got?.fetchedBytes ?? 0) - (recorded?.fetchedBytes ?? 0)).toBe(all - (got?.resumedBytes ?? 0))
    expect(await bea.hashOf('/downloads/big.bin')).toBe(hashOf(file))
  })

  it('reaches another page where the tracker is a relay', { timeout: 120_000 }, async ({ skip }) => {
    if (chromiumPath === undefined) skip(noChromium)
    const world = await createWorld({ trackerArgs: ['--relay'] })
    const tracker = await webrtcAddress(world)
    const [ann, bea] = [await visit(), await visit()]
    const picked = world.file('picked.bin', 2 * MiB + 5)
    await ann.enter('Create account', 'ann', tracker)
    await ann.inside()
    await ann.page.getByLabel('Name of a group').fill('ours')
    await ann.click('Create')
    await ann.open('ours')
    await ann.page.getByLabel('Share a file').setInputFiles(picked)
    await ann.page.getByText('from this page').waitFor()
    await bea.enter('Create account', 'bea', tracker)
    await bea.inside()
    await bea.join('ours', 'ann')
    await ann.click('Let in')
    await bea.open('ours')
    await bea.click('Download picked.bin')
    await bea.sees('Save picked.bin')
    const [got] = await bea.downloads()
    expect(got).toMatchObject({ state: 'complete', bytesByPeer: [{ user: 'ann', bytes: 2 * MiB + 5 }] })
    expect(got?.bytesByPeer[0]?.transport).toMatch(/^(relay|webrtc)$/) // through it, or directly: whichever was there first
    expect(await bea.hashOf('/downloads/picked.bin')).toBe(hashOf(picked))
  })

  it('shares a file that was picked, saves one that was fetched, and says what goes wrong', { timeout: 120_000 }, async ({ skip }) => {
    if (chromiumPath === undefined) skip(noChromium)
    const world = await createWorld()
    const tracker = await webrtcAddress(world)
    const [ann, bea] = [await world.user('ann'), await visit()]
    await bea.enter('Log in', 'bea', tracker)
    await bea.page.getByRole('alert').getByText(/password/i).waitFor()
    await bea.enter('Create account', 'bea', tracker)
    await bea.inside()
    await bea.page.getByLabel('Name of a group').fill('hers')
    await bea.click('Create')
    await bea.open('hers')
    const picked = world.path('picked.bin')
    writeFileSync(picked, bytesOf('picked', 3 * MiB + 5))
    await bea.page.getByLabel('Share a file').setInputFiles(picked)
    await bea.page.getByText('from this page').waitFor()
    await ann.run('join_group', 'hers')
    await bea.click('Let in')
    await eventually('membership', 20_000, async () => (await ann.run('list_groups')).some(line => /hers.*member/.test(line)))
    await ann.run('download_file', 'hers', 'picked.bin', world.path('copy'))
    expect(await finished(ann, 'picked.bin', 30_000)).toMatchObject({ bytesByPeer: [{ user: 'bea', transport: 'webrtc' }] })
    expect(hashOf(world.path('copy'))).toBe(hashOf(picked))

    await ann.run('upload_file', world.file('from ann.bin', MiB + 1), 'hers')
    await bea.click('Download from ann.bin')
    await bea.sees('Save from ann.bin')
    const [saved] = await Promise.all([bea.page.waitForEvent('download'), bea.click('Save from ann.bin')])
    expect(saved.suggestedFilename()).toBe('from ann.bin')
    expect(hashOf(await saved.path())).toBe(hashOf(world.file('from ann.bin', MiB + 1)))

    const second = await bea.context.newPage()
    await second.goto(bea.url)
    await second.getByLabel('Password').fill('whatever it is')
    await second.getByRole('button', { name: 'Log in' }).click()
    await second.getByRole('alert').getByText('in use by another page').waitFor({ timeout: 20_000 })
  })
})
