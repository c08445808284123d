/** Sources that say nothing any more, on each transport: one that is stopped for a while, one that is killed. When what they owe is asked of another is told by the other's storage. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { bytesFrom, carriers, createWorld, eventually, finished, hashOf, MiB, status, transports } from './world.ts'
import type { Peer } from './world.ts'

const telling = fileURLToPath(new URL('telling-storage.ts', import.meta.url))
const pieceBytes = 128 * 1024
/**
 * The rule is 2 s after the last byte, and the other reads first what it was asked for before: 2.2 to 2.4 s where processors are free. Without the rule it is 5 s (QUIC's
 * idle time), 12 s (WebRTC's), or until the stopped one goes on (TCP).
 */
const askedWithinMs = 3_000
/** A process that waited for a processor for half a second calls nobody silent, and waits 2 s anew: the bound is later by so many times what they waited. */
const waitedTimes = 4

/** How long the process was ready to run and had no processor, as the kernel counts it. */
const waitedMs = ({ pid }: Peer): number => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6

interface Read { readonly piece: number, readonly length: number, readonly at: number }

const reads = ({ notes }: Peer): readonly Read[] => notes.map(note => note.split(' '))
  .filter(([word, ...numbers]) => word === 'read' && numbers.length === 4)
  .map(([, piece, , length, at]) => ({ piece: Number(piece), length: Number(length), at: Number(at) }))

/** Pieces of which it was asked for a part so far, and not for the rest. */
const begun = (peer: Peer): readonly number[] => {
  const bytes = new Map<number, number>()
  for (const { piece, length } of reads(peer)) bytes.set(piece, (bytes.get(piece) ?? 0) + length)
  return [...bytes].filter(([, count]) => count < pieceBytes).map(([piece]) => piece)
}

/** Stops the process while it owes the rest of a piece that nobody else was asked for. @returns since when, and what it owes */
const stopAmid = (source: Peer, other: Peer): Promise<{ readonly at: number, readonly owed: readonly number[] }> => eventually('that it is amid a piece', 20_000, () => {
  source.kill('SIGSTOP')
  const at = Date.now()
  const others = new Set(reads(other).map(({ piece }) => piece))
  const owed = begun(source).filter(piece => !others.has(piece))
  if (owed.length > 0) return Promise.resolve({ at, owed })
  source.kill('SIGCONT')
  return Promise.resolve(undefined)
})

/** The other is asked for one of those pieces, in time. */
const expectAsked = async (other: Peer, taker: Peer, { at, owed }: { readonly at: number, readonly owed: readonly number[] }): Promise<void> => {
  const before = waitedMs(other) + waitedMs(taker)
  const moment = await eventually('that another is asked', 30_000, () => Promise.resolve(reads(other).find(read => read.at >= at && owed.includes(read.piece))?.at))
  expect(moment - at).toBeLessThan(askedWithinMs + waitedTimes * (waitedMs(other) + waitedMs(taker) - before))
}

describe.each(transports)('over %s', transport => {
  it('what a source owes that is stopped, or killed, is asked of another within 2 s, and the link to the stopped one is there when it goes on', async () => {
    const world = await createWorld()
    const source = { transport, args: ['--up-limit', '1MiB', '--storage', telling] }
    const [alice, bob, carol] = await Promise.all([world.user('alice', source), world.user('bob', source), world.user('carol', { transport, args: ['--debug'] })])
    await world.group('crew', alice, ['bob', bob], ['carol', carol])
    const file = world.file('data.bin', 14 * MiB)
    for (const peer of [alice, bob]) await peer.run('upload_file', file, 'crew', '--piece-size', '128KiB')
    await carol.run('download_file', 'crew', 'data.bin', world.path('copy'))
    await eventually('something of both', 20_000, async () => {
      const now = await status(carol, 'data.bin')
      return bytesFrom(now, 'alice') > MiB && bytesFrom(now, 'bob') > MiB
    })

    const stopped = await stopAmid(alice, bob)
    const toldBefore = carol.notes.length
    await expectAsked(bob, carol, stopped)
    await eventually('4 s', 30_000, () => Promise.resolve(Date.now() - stopped.at >= 4_000))
    const before = bytesFrom(await status(carol, 'data.bin'), 'alice')
    alice.kill('SIGCONT')
    await eventually('that it brings more', 15_000, async () => bytesFrom(await status(carol, 'data.bin'), 'alice') > before)
    expect(await carriers(carol)).toContain(`alice ${transport}`)
    expect(carol.notes.slice(toldBefore).filter(note => note.includes('Link to'))).toEqual([])

    const killed = await stopAmid(alice, bob)
    alice.kill('SIGKILL')
    await expectAsked(bob, carol, killed)
    await finished(carol, 'data.bin', 40_000)
    expect(hashOf(world.path('copy'))).toBe(hashOf(file))
  }, 120_000)
})
