/**
 * Who is served: at most so many channels at once, the others wait choked and take turns. Owns choking. A peer that was choked is not unchoked at once: what
 * it asked before it heard of the choke must not be taken for something that it asks now.
 */
import type { Channel, Core, Link } from './core.ts'
import { send } from './send.ts'
import { dropRequests } from './upload.ts'

const turnMs = 10_000
/** The longest time that a request may be on its way. Turns of bytes do not wait for it. */
const restMs = 5_000
/** Of the served, so many give way at a turn. */
const turnShare = 4

const canServe = (channel: Channel): boolean => channel.wanted && channel.hasTold && channel.admission === 'admitted'

const turn = (core: Core, channel: Channel, choked: boolean): void => {
  channel.isChoking = choked
  channel.turnedAt = core.now
  channel.givenBytes = 0
  if (choked) dropRequests(core, channel)
  if (channel.ours !== undefined) send(core, channel.link, { type: 'choke', number: channel.ours, choked })
}

/** Serves those that wait, while there are slots. */
const fill = (core: Core): void => {
  const { served, waiting, settings: { uploadSlots, turnBytes } } = core
  for (const channel of waiting) {
    if (served.size >= uploadSlots) break
    if (turnBytes === Infinity && core.now < channel.turnedAt + restMs) continue
    waiting.delete(channel)
    served.add(channel)
    turn(core, channel, false)
  }
  if (waiting.size > 0 && core.rotation.at === undefined) core.rotation.set(core.now + (served.size < uploadSlots ? restMs : turnMs))
}

/** The channel's peer wants something, and may have it. */
export const seekSlot = (core: Core, channel: Channel): void => {
  if (!canServe(channel) || !channel.isChoking) return
  core.waiting.add(channel)
  fill(core)
}

export const chokeChannel = (core: Core, channel: Channel): void => {
  core.waiting.delete(channel)
  if (!core.served.delete(channel)) return
  turn(core, channel, true)
  fill(core)
}

export const onWant = (core: Core, channel: Channel, wanted: boolean): void => {
  channel.wanted = wanted
  if (wanted) seekSlot(core, channel)
  else chokeChannel(core, channel)
}

/** All that was sent on the link has left: who had its turn of bytes there gives way. */
export const endTurns = (core: Core, link: Link): void => {
  const { served, waiting, settings: { turnBytes } } = core
  if (turnBytes === Infinity) return
  for (const channel of link.channels.values()) {
    if (channel.givenBytes < turnBytes || waiting.size === 0 || !served.delete(channel)) continue
    turn(core, channel, true)
    fill(core)
    seekSlot(core, channel)
  }
}

/** The channel is gone. */
export const leaveSlots = (core: Core, channel: Channel): void => {
  core.waiting.delete(channel)
  if (core.served.delete(channel)) fill(core)
}

/** Those served longest give way to those that waited longest. */
export const rotate = (core: Core): void => {
  const { served, waiting, settings: { uploadSlots } } = core
  let places = Math.min(waiting.size, Math.max(1, Math.floor(uploadSlots / turnShare))) - (uploadSlots - served.size)
  const resting: Channel[] = []
  for (const channel of served) {
    if (places-- <= 0) break
    served.delete(channel)
    turn(core, channel, true)
    resting.push(channel)
  }
  for (const channel of resting) waiting.add(channel)
  fill(core)
}
