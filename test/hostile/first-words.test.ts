/** How a link begins: who says hello wrongly is cut off, and who says nothing else hears nothing else, also of a downloader, which opens its contents to others. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { byteWriter } from '../../src/contract/index.ts'
import type { Message } from '../../src/core/message.ts'
import { encode } from '../../src/wire/encoder.ts'
import { deadlineMs, until, within } from './deadline.ts'
import { createRawPeer, frame } from './raw-peer.ts'
import type { RawPeer } from './raw-peer.ts'
import { createWorld } from './world.ts'
import type { Watched, World } from './world.ts'

const KiB = 1024
const hello = (agent: string, features = 0): Uint8Array => frame(0, byteWriter().u64(features).text16(agent).finish())
const said = (message: Message): Uint8Array => encode(message)[0] ?? new Uint8Array()

let world: World
let taker: Watched
let mute: RawPeer

beforeAll(async () => {
  world = await createWorld()
  const sharer = await world.shoal('sharer', { limits: { up: 20_000 } })
  taker = await world.shoal('taker')
  mute = await createRawPeer({ greets: false })
  await sharer.createGroup('crew')
  await world.join(sharer, 'crew', taker)
  const { path } = world.file('file', 1024 * KiB)
  await sharer.share(path, 'crew')
  const download = await taker.download('crew', 'file', join(world.folder, 'copy'))
  download.finished.catch(() => undefined) // it is never to end
  await until('it fetches', () => download.status().fetchedBytes > 0)
})
afterAll(async () => {
  await mute.stop()
  await world[Symbol.asyncDispose]()
})

describe('a downloader', () => {
  it.each<[string, Uint8Array[]]>([
    ['another message first', [said({ type: 'want', number: 0, wanted: true })]],
    ['hello twice', [hello('raw'), hello('raw')]],
    ['hello with a feature that must be known', [hello('raw', 1)]],
    ['hello with an agent that is not printable', [hello('raw\u001b[2J')]],
    ['hello with an agent of 65 letters', [hello('x'.repeat(65))]],
    ['hello that is too short', [frame(0, new Uint8Array(4))]],
    ['a frame of no length', [hello('raw'), new Uint8Array(5)]],
    ['an unknown message that may not be skipped', [hello('raw'), frame(200, new Uint8Array(9))]]
  ])('ends the link of who says %s', async (_, frames) => {
    const link = await mute.dial(taker)
    link.write(...frames)
    await within(deadlineMs, 'the link ends', link.over)
    expect(link.heard.map(({ type }) => type).filter(type => type !== 'hello')).toEqual([])
  })

  it('tells a stranger nothing but its hello, and skips what it may skip', async () => {
    const link = await mute.dial(taker)
    link.write(hello('raw'))
    for (let i = 0; i < 100; i++) link.write(frame(201, new Uint8Array(10_000)))
    await link.settled()
    expect(link.heard).toEqual([expect.objectContaining({ type: 'hello' }), { type: 'refuse', number: 0 }])
    expect(link.isOver).toBe(false)
    link.cut()
  })
})
