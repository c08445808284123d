/** Who may be able to ask for something. Owns the queues of readiness: transfers take turns, and in each its channels; whoever cannot go on waits where it is woken. */
import type { Channel, Core, Link, Transfer } from './core.ts'
import { isFetching } from './transfer.ts'

/** The channel may be able to ask: it gets its turn. */
export const wake = (core: Core, channel: Channel): void => {
  const { transfer } = channel
  if (channel.isReady || !channel.isJoined || !isFetching(transfer)) return
  channel.isReady = true
  transfer.ready.push(channel)
  if (transfer.isAsking) return
  transfer.isAsking = true
  core.asking.push(transfer)
}

const wakeSet = (core: Core, channels: Set<Channel>): void => {
  for (const channel of channels) wake(core, channel)
}

/** The channel may be able to ask then. */
export const wakeAt = (channel: Channel, at: number): void => {
  const { timer } = channel
  if (timer.at === undefined || at < timer.at) timer.set(at)
}

/** Something changed that any channel of it may have waited for. */
export const wakeTransfer = (core: Core, transfer: Transfer): void => { wakeSet(core, transfer.channels) }

/** The link has room in its window. */
export const wakeLink = (core: Core, link: Link): void => {
  wakeSet(core, link.held)
  link.held.clear()
}

/** The budget has room. */
export const wakeStarved = (core: Core): void => {
  wakeSet(core, core.starved)
  core.starved.clear()
}

/** The down limit lets something through. */
export const wakeThirsty = (core: Core): void => {
  wakeSet(core, core.thirsty)
  core.thirsty.clear()
}

/** The next channel whose turn it is. */
export const nextReady = (core: Core): Channel | undefined => {
  for (let transfer = core.asking.shift(); transfer !== undefined; transfer = core.asking.shift()) {
    const channel = transfer.ready.shift()
    if (transfer.ready.size > 0) core.asking.push(transfer)
    else transfer.isAsking = false
    if (channel === undefined) continue
    channel.isReady = false
    if (channel.isJoined) return channel
  }
  return undefined
}
