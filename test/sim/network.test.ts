import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/contract/index.ts'
import type { Message } from '../../src/core/message.ts'
import { createAgenda } from '../../src/sim/agenda.ts'
import { coderOf } from '../../src/sim/coder.ts'
import { createNetwork } from '../../src/sim/network.ts'
import type { Port } from '../../src/sim/network.ts'

const block = (length: number): Message => ({ type: 'block', number: 0, piece: 0, offset: 0, data: new Uint8Array(length - 17) })

const world = (latencyMs = 10) => {
  const agenda = createAgenda()
  const network = createNetwork({ agenda, latencyMs: () => latencyMs, coder: coderOf(undefined), talkTakesTime: true })
  const log: string[] = []
  const join = (name: string, up = Infinity, down = Infinity): Port => {
    const say = (what: string): void => { log.push(`${Math.round(agenda.now)} ${name} ${what}`) }
    return network.join({
      name: name as PeerId, up, down,
      linked: (_link, peer, inbound) => { say(`linked ${peer}${inbound ? ' inbound' : ''}`) },
      unlinked: () => { say('unlinked') },
      undialed: peer => { say(`undialed ${peer}`) },
      message: (_link, message) => { say(message.type) },
      heard: (_link, bytes) => { say(`heard ${bytes}`) },
      room: (_link, unsentBytes) => { say(`room ${unsentBytes}`) }
    })
  }
  return { join, run: (untilMs = Infinity) => { while (agenda.step(untilMs)); return log.splice(0) } }
}

/** One with a slow line, linked to two others. */
const star = () => {
  const { join, run } = world()
  const a = join('a', 100_000)
  for (const name of ['b', 'c']) {
    join(name)
    a.dial(name as PeerId)
  }
  run()
  return { a, run }
}

describe('the simulated network', () => {
  it('links both after two round trips, and tells who is not there', () => {
    const { join, run } = world()
    const a = join('a')
    join('b')
    a.dial('b' as PeerId)
    a.dial('c' as PeerId)
    expect(run()).toEqual(['40 a linked b', '40 b linked a inbound', '40 a undialed c'])
  })

  it('brings a message after its length by the rate and the latency, and tells what is unsent', () => {
    const { join, run } = world()
    const a = join('a', 100_000)
    join('b')
    a.dial('b' as PeerId)
    run()
    a.send(0, block(5000))
    a.send(0, block(1000))
    expect(run()).toEqual(['40 a room 5000', '40 a room 6000', '90 a room 1000', '100 b block', '100 a room 0', '110 b block'])
  })

  it('lets the links of a node take turns, and tells what came of a block', () => {
    const { a, run } = star()
    a.send(0, { type: 'refuse', number: 0 })
    a.send(0, block(13_000))
    a.send(1, block(2500))
    expect(run()).toEqual([
      '40 a room 13000', '40 a room 2500', '50 b refuse', '150 b heard 10000', '170 c heard 2000', '185 a room 0', '190 b heard 2000', '195 c block', '195 a room 0', '205 b block'
    ])
  })

  it('lets talk on an idle link pass, never on one that sends, and counts its bytes', () => {
    const { a, run } = star()
    a.send(0, block(5000))
    a.send(0, { type: 'refuse', number: 0 })
    a.send(1, { type: 'have', number: 0, pieces: Array<number>(248).fill(0) })
    a.send(1, block(1000))
    expect(run()).toEqual(['40 a room 5000', '40 a room 1000', '60 c have', '90 a room 0', '100 b block', '100 b refuse', '110 a room 0', '120 c block'])
  })

  it('drops a request that a choke crossed, and brings one that was made after it', () => {
    const { join, run } = world()
    const [a, b] = [join('a'), join('b')]
    a.dial('b' as PeerId)
    run()
    const ask = (): void => { a.send(0, { type: 'request', number: 0, piece: 0, offset: 0, length: 1 }) }
    ask()
    b.send(0, { type: 'choke', number: 0, choked: true })
    b.send(0, { type: 'choke', number: 0, choked: false })
    expect(run()).toEqual(['50 a choke', '50 a choke'])
    ask()
    expect(run()).toEqual(['60 b request'])
  })

  it('holds a receiver to its down rate', () => {
    const { join, run } = world()
    join('b', Infinity, 10_000)
    const senders = [join('a'), join('c')]
    for (const sender of senders) sender.dial('b' as PeerId)
    run()
    for (const sender of senders) sender.send(0, block(1000))
    expect(run().filter(line => line.includes('b block'))).toEqual(['150 b block', '250 b block'])
  })

  it('ends a link for both, and drops what was on its way', () => {
    const { join, run } = world()
    const a = join('a')
    const b = join('b')
    a.dial('b' as PeerId)
    run()
    b.send(0, block(100))
    a.unlink(0)
    a.unlink(0)
    expect(run()).toEqual(['40 b room 100', '40 a unlinked', '40 b room 0', '50 b unlinked'])
    a.dial('b' as PeerId)
    run()
    b.leave()
    expect(run()).toEqual(['90 b unlinked', '100 a unlinked'])
  })
})
