/** An honest source behind a narrow line, on each transport. */
import { expect, it } from 'vitest'
import { createNamespaces, whyNoNamespaces } from './namespaces.ts'
import { bytesFrom, carriers, createWorld, eventually, finished, hashOf, listed, MiB, password, status, transports } from './world.ts'

const KiB = 1024

it.for(transports)('behind a line of 50 kB/s it is kept when a quick one comes, and at most a window is fetched twice (%s)', { timeout: 120_000 }, async (transport, context) => {
  const why = whyNoNamespaces('tc')
  if (why !== undefined) { context.skip(why); return }
  const networks = createNamespaces()
  const [hub, far] = [networks.space('hub'), networks.space('far')]
  networks.cable(hub, far, '10.78.1', { rate: '400kbit' })
  const world = await createWorld({ tracker: { listen: '10.78.1.1:0', through: hub.through } })
  const here = { transport, listen: '10.78.1.1:0', through: hub.through }
  const [slow, quick, taker] = await Promise.all([
    world.user('slow', { transport, listen: '10.78.1.2:0', through: far.through }), world.user('quick', { ...here, args: ['--up-limit', '1MiB'] }), world.user('taker', { ...here, args: ['--debug'] })
  ])
  await world.group('crew', quick, ['slow', slow], ['taker', taker])
  const file = world.file('data.bin', 5 * MiB)
  for (const peer of [quick, slow]) await peer.run('upload_file', file, 'crew', '--piece-size', '64KiB')
  await quick.run('logout')
  await taker.run('download_file', 'crew', 'data.bin', world.path('copy'))
  const alone = await eventually('something of the slow one', 20_000, async () => {
    const now = await status(taker, 'data.bin')
    return now.haveBytes >= 128 * KiB ? now : undefined
  })
  expect(alone.haveBytes).toBeLessThan(MiB)
  const toldBefore = taker.notes.length
  await quick.run('login', 'quick', password)
  const done = await finished(taker, 'data.bin', 40_000)
  expect(hashOf(world.path('copy'))).toBe(hashOf(file))
  expect(bytesFrom(done, 'slow')).toBeGreaterThanOrEqual(alone.haveBytes)
  // what is asked of a link whose rate is not known, or as low
  expect(done.fetchedBytes - done.length).toBeLessThanOrEqual(128 * KiB)
  const { peer } = (await listed(taker)).find(({ user, link }) => user === 'slow' && link === 'open') ?? { peer: 'none' }
  expect(taker.notes.slice(toldBefore).filter(note => note.includes(`Link to ${peer}`))).toEqual([])
  expect(await carriers(taker)).toContain(`slow ${transport}`)
})
