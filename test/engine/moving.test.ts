/** When links are dialed anew in the background, in virtual time: the network and the session's view are the test's. */
import { describe, expect, it } from 'vitest'
import { relayed, ShoalError } from '../../src/contract/index.ts'
import type { DialOptions, Link, PeerId } from '../../src/contract/index.ts'
import { createMoving } from '../../src/engine/moving.ts'
import { createPreference } from '../../src/engine/preference.ts'
import { quiet, virtualClock } from './virtual-clock.ts'

const peer = 'm' as PeerId
const MB = 1_000_000

interface StageOptions {
  readonly transport?: string
  readonly inbound?: boolean
  readonly self?: string
  readonly isMeasured?: boolean
  readonly wantedBytes?: number
  readonly carriers?: readonly string[]
  /** Bytes per second of the link. */
  readonly rate?: number
}

/** One link, and every dial with its second. Each fails, unless told otherwise. */
const stage = ({ transport = 'tcp', inbound = false, self = 'z', isMeasured = true, wantedBytes = 1e12, carriers = ['tcp', 'quic'], rate = MB }: StageOptions) => {
  const clock = virtualClock()
  const dials: string[] = []
  const link = { peer, transport, inbound } as Link
  const opened: Link[] = []
  let answer: Link | undefined
  let isOpen = true
  const moving = createMoving({
    clock, isMeasured, preference: createPreference(),
    network: {
      peer: self as PeerId,
      carriers: () => carriers,
      dial (_peer, _addresses, signal, { only, direct }: DialOptions = {}) {
        dials.push(`${clock.now() / 1000}: ${direct === true ? 'direct' : only?.join() ?? 'all'}`)
        if (answer !== undefined) return Promise.resolve(answer)
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => { reject(signal.reason as Error) })
          clock.after(500, () => { reject(new ShoalError('PEER_UNREACHABLE', 'Nobody there.')) })
        })
      }
    },
    links: () => isOpen ? [{ link, view: { link: 1, peer, isEnding: false, owedBytes: MB, rate, arrivedBytes: rate * clock.now() / 1000, busyMs: clock.now(), wantedBytes } }] : [],
    addresses: () => [],
    open: opener => { opened.push(opener) },
    log () {}
  })
  moving.linked(1)
  return {
    dials, opened, clock, moving,
    answer (as: string) { answer = { peer, transport: as, inbound: false } as Link },
    close () { isOpen = false },
    /** Time passes by seconds, so that what is dialed is answered meanwhile. */
    async pass (seconds: number) { for (let i = 0; i < seconds; i++) { clock.advance(1_000); await quiet() } }
  }
}

describe('a link of a peer that fetches', () => {
  it('is dialed over the other transport once it was measured, and the new link is taken', async () => {
    const { pass, dials, opened, answer } = stage({})
    answer('quic')
    await pass(9)
    expect(dials).toEqual(['3: quic'])
    expect(opened.map(({ transport }) => transport)).toEqual(['quic'])
  })

  it('is left alone in every mode but auto, and by who fetches nothing', async () => {
    for (const options of [{ isMeasured: false }, { wantedBytes: 0 }, { carriers: ['tcp'] }]) {
      const { pass, dials } = stage(options)
      await pass(30)
      expect(dials).toEqual([])
    }
  })

  it('is moved when both sides would keep the new link: at once by its dialer or the lower peer id, else after 20 s', async () => {
    for (const [options, at] of [[{}, 3], [{ inbound: true, self: 'a' }, 3], [{ inbound: true, self: 'z' }, 20]] as const) {
      const { pass, dials } = stage(options)
      await pass(25)
      expect(dials[0]).toBe(`${at}: quic`)
    }
  })

  it('never moves to a relay', async () => {
    const { pass, dials } = stage({ carriers: ['tcp', relayed] })
    await pass(30)
    expect(dials).toEqual([])
  })
})

describe('a link over a relay', () => {
  it('is dialed directly by its dialer at once, then again and again, in every mode, also by who fetches nothing', async () => {
    const { pass, dials } = stage({ transport: relayed, isMeasured: false, wantedBytes: 0 })
    await pass(150)
    expect(dials).toEqual(['1: direct', '6: direct', '21: direct', '81: direct', '141: direct'])
  })

  it('is dialed directly by the other side when it is old enough to be replaced by that', async () => {
    const { pass, dials } = stage({ transport: relayed, inbound: true, self: 'a' })
    await pass(22)
    expect(dials).toEqual(['20: direct'])
  })

  it('stays where there is nothing else to dial', async () => {
    const { pass, dials } = stage({ transport: relayed, carriers: [relayed] })
    await pass(30)
    expect(dials).toEqual([])
  })
})

it('nothing is looked at any more when the last link is gone, and a stop ends what is being dialed', async () => {
  const gone = stage({})
  gone.close()
  await gone.pass(2)
  expect(gone.clock.pending).toBe(0)
  const { moving, clock, dials, pass } = stage({ transport: relayed })
  clock.advance(1_000)
  moving.stop()
  await pass(30)
  expect(dials).toEqual(['1: direct'])
  expect(clock.pending).toBe(0)
})
