import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/contract/index.ts'
import type { Message } from '../../src/core/message.ts'
import { createAgenda } from '../../src/sim/agenda.ts'
import { coderOf } from '../../src/sim/coder.ts'
import { createNetwork } from '../../src/sim/network.ts'
import type { Host } from '../../src/sim/network.ts'

const block = (length: number): Message => ({ type: 'block', number: 0, piece: 0, offset: 0, data: new Uint8Array(length - 17) })

const world = (latencyMs = 10) => {
  const agenda = createAgenda()
  const network = createNetwork({ agenda, latencyMs: () => latencyMs, coder: coderOf(undefined) })
  const log: string[] = []
  const host = (name: string, up = Infinity, down = Infinity): Host => {
    const say = (what: string): void => { log.push(`${Math.round(agenda.now)} ${name} ${what}`) }
    const made: Host = {
      name: name as PeerId, up, down,
      linked: (_link, peer, inbound) => { say(`linked ${peer}${inbound ? ' inbound' : ''}`) },
      unlinked: () => { say('unlinked') },
      undialed: peer => { say(`undialed ${peer}`) },
      message: (_link, message) => { say(message.type) },
      heard: (_link, bytes) => { say(`heard ${bytes}`) },
      room: (_link, unsentBytes) => { say(`room ${unsentBytes}`) }
    }
    network.join(made)
    return made
  }
  return { agenda, network, log, host, run: (untilMs = Infinity) => { while (agenda.step(untilMs)); return log.splice(0) } }
}

describe('the simulated network', () => {
  it('links both after two round trips, and tells who is not there', () => {
    const { network, host, run } = world()
    const a = host('a')
    host('b')
    network.dial(a, 'b' as PeerId)
    network.dial(a, 'c' as PeerId)
    expect(run()).toEqual(['40 a linked b', '40 b linked a inbound', '40 a undialed c'])
  })

  it('brings a message after its length by the rate and the latency, and tells what is unsent', () => {
    const { network, host, run } = world()
    const a = host('a', 100_000)
    host('b')
    network.dial(a, 'b' as PeerId)
    run()
    network.send(a, 0, block(5000))
    network.send(a, 0, block(1000))
    expect(run()).toEqual(['40 a room 5000', '40 a room 6000', '90 a room 1000', '100 b block', '100 a room 0', '110 b block'])
  })

  it('lets the links of a node take turns, and tells what came of a block', () => {
    const { network, host, run } = world()
    const a = host('a', 100_000)
    for (const name of ['b', 'c']) {
      host(name)
      network.dial(a, name as PeerId)
    }
    run()
    network.send(a, 0, { type: 'refuse', number: 0 })
    network.send(a, 0, block(3000))
    network.send(a, 1, block(2500))
    expect(run()).toEqual([
      '40 a room 3009', '40 a room 2500', '50 b refuse', '70 b heard 2000', '90 c heard 2000', '90 a room 0', '95 a room 0', '100 b block', '105 c block'
    ])
  })

  it('holds a receiver to its down rate', () => {
    const { network, host, run } = world()
    const b = host('b', Infinity, 10_000)
    const senders = [host('a'), host('c')]
    for (const sender of senders) network.dial(sender, b.name)
    run()
    for (const sender of senders) network.send(sender, 0, block(1000))
    expect(run().filter(line => line.includes('b block'))).toEqual(['150 b block', '250 b block'])
  })

  it('ends a link for both, and drops what was on its way', () => {
    const { network, host, run } = world()
    const a = host('a')
    const b = host('b')
    network.dial(a, b.name)
    run()
    network.send(b, 0, block(100))
    network.unlink(a, 0)
    network.unlink(a, 0)
    expect(run()).toEqual(['40 b room 100', '40 a unlinked', '40 b room 0', '50 b unlinked'])
    network.dial(a, b.name)
    run()
    network.leave(b)
    expect(run()).toEqual(['90 b unlinked', '100 a unlinked'])
  })
})
