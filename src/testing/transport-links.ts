/** The cases of the transport suite about one link: order, back-pressure, and every way to end. */
import assert from 'node:assert/strict'
import type { Link } from '../contract/index.ts'
import { known, listenTo, within } from './link-ear.ts'
import type { Ear } from './link-ear.ts'
import type { SuiteCase } from './suite.ts'
import { maxUnderWayBytes } from './transport-rig.ts'
import type { TransportRig } from './transport-rig.ts'

const KiB = 1024
const MiB = 1024 * KiB

/** Sizes around those of frames (at most 1 MiB), records and windows. */
const sizes = [0, 1, 15, 16 * KiB - 1, 16 * KiB, 16 * KiB + 1, 64 * KiB, 256 * KiB - 13, 256 * KiB + 1, 512 * KiB, MiB, MiB + 1, 3 * MiB + 7]

const ears = ({ near, far }: { readonly near: Link, readonly far: Link }, { deadlineMs }: TransportRig): readonly [Ear, Ear] =>
  [listenTo(near, { deadlineMs }), listenTo(far, { deadlineMs })]

/** Says more than can be under way while the other side has stopped reading; gives what it was let say. */
const sayUntilStopped = async (speaker: Ear, quietMs: number): Promise<number> => {
  const all = speaker.sayAll(2 * maxUnderWayBytes)
  all.catch(() => undefined) // told by the one who waits for it; here it only must not go unheard
  for (let before = -1; before !== speaker.saidBytes;) { // nothing tells that nothing more will come: it is quiet for a while
    before = speaker.saidBytes
    await new Promise(resolve => { setTimeout(resolve, quietMs) })
  }
  assert.ok(speaker.saidBytes <= maxUnderWayBytes, `a sender that waits when told to is stopped in time, not after ${speaker.saidBytes} bytes`)
  assert.ok(speaker.link.unsentBytes <= 2 * MiB, `its queue stays short, not ${speaker.link.unsentBytes} bytes`)
  return speaker.saidBytes
}

const stoppedReader = async (speaker: Ear, reader: Ear): Promise<void> => {
  reader.link.pause()
  const atStop = reader.heardBytes
  await sayUntilStopped(speaker, 150)
  assert.equal(reader.heardBytes, atStop, 'nothing is delivered to a reader that stopped')
  assert.deepEqual([speaker.ends, reader.ends], [[], []], 'stopping to read ends nothing')
  reader.link.resume()
  await reader.heard(2 * maxUnderWayBytes)
}

export const linkCases: readonly SuiteCase<TransportRig>[] = [
  {
    name: 'a link tells its transport, its peer and who dialed, on both sides',
    async run (rig) {
      const { near, far, dialer, listener } = await rig.pair()
      assert.deepEqual([near.transport, far.transport], [rig.transport.name, rig.transport.name])
      assert.deepEqual([near.peer, far.peer], [listener.peer, dialer.peer])
      assert.deepEqual([near.inbound, far.inbound], [false, true])
      assert.notEqual(near.address, '')
    }
  },
  {
    name: 'bytes of every size arrive in order, both ways at once',
    async run (rig) {
      const [near, far] = ears(await rig.pair(), rig)
      for (const size of sizes) { near.say(size); far.say(size) }
      await Promise.all([near.heard(far.saidBytes), far.heard(near.saidBytes)])
    }
  },
  {
    name: 'several parts are sent as one after the other, by reference, empty ones too',
    async run (rig) {
      const [near, far] = ears(await rig.pair(), rig)
      near.link.send([known(0, 13), known(13, 100_000), new Uint8Array(0), known(100_013, 1)])
      near.link.send([])
      await far.heard(100_014)
    }
  },
  {
    name: 'parts larger than the send queue are sent, and it drains after each',
    async run (rig) {
      const [near, far] = ears(await rig.pair(), rig)
      await Promise.all([near.sayAll(24 * MiB, 8 * MiB + 1), far.heard(24 * MiB)])
    }
  },
  {
    name: 'bytes that came before anybody listened are delivered, and do not cut the link',
    async run (rig) {
      const { near, far } = await rig.pair()
      const speaker = listenTo(near, rig)
      const said = await sayUntilStopped(speaker, 100)
      assert.ok(said > 0)
      await listenTo(far, rig).heard(2 * maxUnderWayBytes)
    }
  },
  {
    name: 'a reader that stops makes the dialing side wait, and loses nothing',
    async run (rig) {
      const [near, far] = ears(await rig.pair(), rig)
      await stoppedReader(near, far)
    }
  },
  {
    name: 'a reader that stops makes the accepting side wait, and loses nothing',
    async run (rig) {
      const [near, far] = ears(await rig.pair(), rig)
      await stoppedReader(far, near)
    }
  },
  {
    name: 'two readers that stop at once lose nothing',
    async run (rig) {
      const [near, far] = ears(await rig.pair(), rig)
      await Promise.all([stoppedReader(near, far), stoppedReader(far, near)])
    }
  },
  {
    name: 'a reader that stops at every chunk gets none while it is stopped, and all in the end',
    async run (rig) {
      const { near, far } = await rig.pair()
      let stopped = false
      let early = 0
      const reader = listenTo(far, {
        ...rig,
        onData () {
          if (stopped) early++
          stopped = true
          far.pause()
          setTimeout(() => { stopped = false; far.resume() }, 0)
        }
      })
      await Promise.all([listenTo(near, rig).sayAll(4 * MiB), reader.heard(4 * MiB)])
      assert.equal(early, 0)
    }
  },
  {
    name: 'closing delivers everything that was queued, then the end, once and without an error on both sides',
    async run (rig) {
      const [near, far] = ears(await rig.pair(), rig)
      near.say(8 * MiB)
      await near.link.close(AbortSignal.timeout(rig.deadlineMs))
      assert.equal(await far.ended(), undefined)
      assert.equal(far.heardBytes, 8 * MiB)
      assert.equal(far.fault, undefined)
      assert.deepEqual([near.ends, far.ends], [[undefined], [undefined]])
      assert.equal(near.link.send([new Uint8Array(1)]), false, 'what is sent after the end goes nowhere')
    }
  },
  {
    name: 'the other side of a close still delivers what it had queued',
    async run (rig) {
      const [near, far] = ears(await rig.pair(), rig)
      far.say(4 * MiB)
      await near.link.close(AbortSignal.timeout(rig.deadlineMs))
      assert.equal(near.heardBytes, 4 * MiB)
      assert.deepEqual([await far.ended(), await near.ended()], [undefined, undefined])
    }
  },
  {
    name: 'a clean end waits behind what a stopped reader has not read',
    async run (rig) {
      const [near, far] = ears(await rig.pair(), rig)
      far.link.pause()
      near.say(100_000)
      const closed = near.link.close(AbortSignal.timeout(rig.deadlineMs))
      near.link.resume()
      setTimeout(() => { far.link.resume() }, 50)
      await closed
      assert.equal(await far.ended(), undefined)
      assert.equal(far.heardBytes, 100_000)
    }
  },
  {
    name: 'closing is cut short by its signal when the other side does not read, and says so',
    async run (rig) {
      const [near, far] = ears(await rig.pair(), rig)
      far.link.pause()
      near.say(2 * maxUnderWayBytes)
      await within(rig.deadlineMs, 'the close ends with its signal', near.link.close(AbortSignal.timeout(50)))
      assert.ok(await near.ended() instanceof Error)
      assert.ok(await far.ended() instanceof Error)
    }
  },
  {
    name: 'an abort is told with its reason here, and as an error there, each once, from both sides',
    async run (rig) {
      for (const side of [0, 1] as const) {
        const both = ears(await rig.pair(), rig)
        const [here, there] = [both[side], both[1 - side]]
        const reason = new Error('Enough.')
        here.say(1)
        here.link.abort(reason)
        here.link.abort(new Error('Again.'))
        assert.deepEqual(here.ends, [reason])
        assert.ok(await there?.ended() instanceof Error)
        await here.link.close()
        await there?.link.close()
        assert.deepEqual([here.ends.length, there?.ends.length], [1, 1])
      }
    }
  }
]
