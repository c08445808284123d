import { describe, expect, it } from 'vitest'
import type { ShoalEvent } from '../../src/contract/index.ts'
import { createBroadcast } from '../../src/peer/broadcast.ts'

const warning = (detail: string): ShoalEvent => ({ type: 'warning', detail })
const collect = async (events: AsyncIterable<ShoalEvent>): Promise<ShoalEvent[]> => {
  const all: ShoalEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

describe('a broadcast', () => {
  it('gives every reader every event, in order, from its subscription on', async () => {
    const broadcast = createBroadcast()
    broadcast.send(warning('before'))
    const [first, second] = [collect(broadcast.subscribe()), collect(broadcast.subscribe())]
    broadcast.send(warning('one'))
    broadcast.send(warning('two'))
    broadcast.close()
    expect(await first).toEqual([warning('one'), warning('two')])
    expect(await second).toEqual(await first)
  })

  it('tells a reader that fell behind, and keeps the newest', async () => {
    const broadcast = createBroadcast()
    const events = broadcast.subscribe()
    for (let i = 0; i < 1_500; i++) broadcast.send(warning(String(i)))
    broadcast.close()
    const got = await collect(events)
    expect(got[0]).toEqual({ type: 'overflow' })
    expect(got).toHaveLength(1_001)
    expect(got.at(-1)).toEqual(warning('1499'))
  })

  it('ends a reader at its signal', async () => {
    const broadcast = createBroadcast()
    const abort = new AbortController()
    const reading = collect(broadcast.subscribe(abort.signal))
    broadcast.send(warning('one'))
    abort.abort()
    expect(await reading).toEqual([warning('one')])
  })
})
