/** A tracker that does not answer: who waits for it is told. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import * as api from '../../src/contract/api/index.ts'
import { trackerWait } from '../../src/cli/tracker-wait.ts'
import { createClient } from '../../src/plugin/tracker-client/client.ts'
import type { CarriedReply } from '../../src/plugin/tracker-client/carriage.ts'
import { realmCheck } from '../../src/plugin/tracker-client/realm-check.ts'

afterEach(() => { vi.useRealTimers() })

describe('a word about a tracker that does not answer', () => {
  it('is said once for each command that waits, and not while none runs', async () => {
    const said: string[] = []
    const { slow, during } = trackerWait(({ level, text }) => { said.push(`${level} ${text}`) })
    slow('here:1')
    expect(said).toEqual([])
    for (const command of [1, 2]) {
      const { promise, resolve } = Promise.withResolvers<number>()
      const work = during(promise)
      slow('here:1')
      slow('here:1')
      resolve(command)
      expect(await work).toBe(command)
    }
    slow('here:1')
    expect(said).toEqual(Array.from({ length: 2 }, () => 'warning the tracker here:1 does not answer yet; waiting for it'))
  })

  it('is due after 2 s without the header of a reply, but not for what goes on in the background', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const sent: PromiseWithResolvers<CarriedReply>[] = []
    let slow = 0
    const client = createClient({
      api, where: 'there', timeoutMs: 5_000, onSlow: () => { slow++ }, check: realmCheck({ where: 'there', pin: undefined, onFirstPin: undefined }),
      carriage: { send () { const reply = Promise.withResolvers<CarriedReply>(); sent.push(reply); return reply.promise }, stop () {} }
    })
    const background = [client.open('watch', {}, {}), client.call('announce', { sequence: 1, full: true, added: [], removed: [], seek: [] })]
    const answered = client.call('peers', {})
    sent[2]?.reject(new Error('refused'))
    await expect(answered).rejects.toMatchObject({ code: 'TRACKER_UNREACHABLE' })
    vi.advanceTimersByTime(2_000)
    expect(slow).toBe(0)
    const waiting = client.call('peers', {})
    vi.advanceTimersByTime(1_999)
    expect(slow).toBe(0)
    vi.advanceTimersByTime(1)
    expect(slow).toBe(1)
    client.stop()
    for (const call of [...background, waiting]) await expect(call).rejects.toMatchObject({ code: expect.stringMatching(/STOPPED|TRACKER_UNREACHABLE/) as string })
  })
})
