/** Whether we want something of a peer: what it hears of that, and when. */
import { hasCandidate } from './choosing.ts'
import type { Channel, Core } from './core.ts'
import { send } from './send.ts'
import { isFetching } from './transfer.ts'

/** Turns of bytes are short: whoever has asked others for all that the peer has must not hold one up. */
const hasUse = (core: Core, channel: Channel): boolean => {
  if (core.settings.turnBytes === Infinity) return channel.useful > 0
  return hasCandidate(channel) || channel.transfer.adrift.size > 0
}

export const showInterest = (core: Core, channel: Channel): void => {
  const { link, transfer, ours } = channel
  if (ours === undefined || !channel.hasTold || channel.wanting || !isFetching(transfer) || !hasUse(core, channel)) return
  channel.wanting = true
  send(core, link, { type: 'want', number: ours, wanted: true })
}

export const loseInterest = (core: Core, channel: Channel): void => {
  if (!channel.wanting || channel.ours === undefined) return
  channel.wanting = false
  send(core, channel.link, { type: 'want', number: channel.ours, wanted: false })
}

/** It had nothing to ask when it looked. */
export const passTurn = (core: Core, channel: Channel): void => {
  if (core.settings.turnBytes === Infinity) return
  if (channel.isChoked) showInterest(core, channel)
  else if (channel.owes.size === 0) loseInterest(core, channel)
}
