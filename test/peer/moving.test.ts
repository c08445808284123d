/** Links that move to a better transport while a file is downloaded over them: whole peers, real sockets. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import quic from 'shoal/plugins/transport-quic'
import { shapedTcp } from '../network/shaped.ts'
import { createWorld } from './world.ts'

const MiB = 1024 * 1024
const slow = 3 * MiB
const window = 8 * MiB

it('a download over tcp that is shaped to a tenth moves to quic, once, and fetches nothing twice but a window', async () => {
  const world = await createWorld()
  const log: string[] = []
  const shaped = shapedTcp(slow)
  const pair = [1, 2].map(i => world.peer(`user${i}`, { transports: [shaped.plugin, quic()], prefer: 'measured', log: line => { log.push(line) } }))
  // of two dials that cross, the lower id's stays: whoever dialed may move at once
  const [bob, ann] = (await Promise.all(pair)).sort((a, b) => a.peer < b.peer ? -1 : 1)
  if (ann === undefined || bob === undefined) throw new Error('Two peers were made.')
  await world.group('films', ann, bob)
  await ann.share(world.file('a', 96 * MiB), 'films')
  const download = await bob.download('films', 'a', join(world.folder, 'to', '/'))
  const links: string[] = []
  const listening = (async () => {
    for await (const event of bob.events()) if (event.type === 'link') links.push([event.change, event.from, event.transport].filter(part => part !== undefined).join(' '))
  })()
  const transports = new Set<string>()
  const watching = setInterval(() => { for (const name of download.status().transports) transports.add(name) }, 50)
  try { await download.finished } finally { clearInterval(watching) }

  expect(Buffer.compare(readFileSync(download.path), world.bytes(96 * MiB, 'a'))).toBe(0)
  expect([...transports]).toEqual(['tcp', 'quic'])
  expect(log.filter(line => line.includes(' moves from '))).toEqual([expect.stringContaining('moves from tcp to quic')])
  const { fetchedBytes, wastedBytes, seconds } = download.status()
  expect(fetchedBytes + wastedBytes - 96 * MiB).toBeLessThanOrEqual(window)
  // over tcp alone it would have taken the whole
  expect(seconds).toBeLessThan(96 * MiB / slow * 0.6)
  const [peer] = (await bob.listPeers()).filter(({ peer: id }) => id === ann.peer)
  expect(peer).toMatchObject({ link: 'open', transport: 'quic' })
  const measured = peer?.measured?.find(({ transport }) => transport === 'tcp')
  expect(measured?.rate).toBeGreaterThan(slow / 5)
  expect(measured?.rate).toBeLessThan(slow * 1.5)
  expect((await ann.listPeers()).find(({ peer: id }) => id === bob.peer)).toMatchObject({ link: 'open', transport: 'quic' })
  await bob.stop()
  await listening
  expect(links.slice(-2)).toEqual(['moved tcp quic', 'closed quic'])
}, 60_000)
