import { describe, expect, it } from 'vitest'
import type { Effect, Input, Session } from '../../src/core/io.ts'
import { createLoop } from '../../src/engine/loop.ts'
import { virtualClock } from './virtual-clock.ts'

const dial = (peer: string): Effect => ({ type: 'dial', peer: peer as never })

/** The smallest session: answers each input with the effects that the script has for its type, and wakes when it is told to. */
const scripted = (script: Partial<Record<Input['type'], Effect[]>>): Session & { handled: string[], wake: number | undefined } => {
  const queue: Effect[] = []
  const session = {
    handled: [] as string[],
    wake: undefined as number | undefined,
    handle (input: Input, now: number) { session.handled.push(`${input.type}@${now}`); queue.push(...script[input.type] ?? []); if (input.type === 'tick') session.wake = undefined },
    poll: () => queue.shift(),
    get wakeAt () { return session.wake },
    view: { downBytes: 0, upBytes: 0, links: [], transfer: () => undefined }
  }
  return session
}

describe('the loop', () => {
  it('finishes the effects of one input before the next, also when performing one brings it', () => {
    const order: string[] = []
    const session = scripted({ undialed: [dial('a'), dial('b')], unlinked: [dial('c')] })
    const loop = createLoop({
      session, clock: virtualClock(),
      perform (effect) {
        order.push(effect.type === 'dial' ? effect.peer : effect.type)
        if (effect.type === 'dial' && effect.peer === 'a') loop.input({ type: 'unlinked', link: 1 })
      }
    })
    loop.input({ type: 'undialed', peer: 'x' as never })
    expect(order).toEqual(['a', 'b', 'c'])
  })

  it('ticks when the session wants to be woken, and not before', () => {
    const clock = virtualClock()
    const session = scripted({})
    const loop = createLoop({ session, clock, perform: () => undefined })
    session.wake = 500
    loop.input({ type: 'unlinked', link: 1 })
    clock.advance(499)
    expect(session.handled).toEqual(['unlinked@0'])
    clock.advance(1)
    expect(session.handled).toEqual(['unlinked@0', 'tick@500'])
  })

  it('is woken earlier when the session changes its mind', () => {
    const clock = virtualClock()
    const session = scripted({})
    const loop = createLoop({ session, clock, perform: () => undefined })
    session.wake = 500
    loop.input({ type: 'unlinked', link: 1 })
    session.wake = 100
    loop.input({ type: 'unlinked', link: 2 })
    clock.advance(100)
    expect(session.handled.at(-1)).toBe('tick@100')
  })

  it('does nothing after it stopped', () => {
    const clock = virtualClock()
    const session = scripted({ unlinked: [dial('a')] })
    const performed: Effect[] = []
    const loop = createLoop({ session, clock, perform: effect => { performed.push(effect) } })
    session.wake = 10
    loop.input({ type: 'unlinked', link: 1 })
    loop.stop()
    clock.advance(1_000)
    loop.input({ type: 'unlinked', link: 2 })
    expect(session.handled).toEqual(['unlinked@0'])
    expect(performed).toEqual([dial('a')])
  })
})
