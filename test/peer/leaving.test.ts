/** What becomes of downloads in a group that is left: they end without a complaint, however early the tracker's notice of it comes. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { smallWorld } from '../cli/small-shoal.ts'

it('leaving a group ends the downloads there, and what there is of them goes too', async () => {
  const world = await smallWorld()
  const [ann, bob] = [await world.peer('ann'), await world.peer('bob')]
  for (const [name, peer] of [['ann', ann], ['bob', bob]] as const) { await peer.createUser(name, 'pw'); await peer.login(name, 'pw') }
  await ann.createGroup('g')
  await bob.joinGroup('g')
  await ann.acceptRequest('g', 'bob')
  writeFileSync(join(world.folder, 'f'), 'some bytes')
  await ann.share(join(world.folder, 'f'), 'g')
  await ann.logout()
  const ends: string[] = []
  const watching = (async () => { for await (const event of bob.events()) if (event.type === 'download' && event.change !== 'started') ends.push(event.change) })()
  await bob.download('g', 'f', join(world.folder, 'copy'))
  await bob.leaveGroup('g')
  await bob.logout()
  expect(existsSync(join(world.folder, 'copy.part'))).toBe(false)
  await bob.login('bob', 'pw')
  expect(bob.downloads()).toEqual([])
  await bob.stop()
  await watching
  expect(ends).not.toContain('failed')
})
