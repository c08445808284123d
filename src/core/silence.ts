/**
 * Peers that owe us something and say nothing. After 2 s what they owe is also asked of others; they stay, and what comes late still counts. After a minute
 * without a byte the link is ended. A slow peer is not silent: any byte of a block shows that it is at work.
 */
import type { Core, Link } from './core.ts'
import { disown, silentMs } from './asking.ts'
import { endLink } from './link.ts'
import { wake } from './ready.ts'

const deadMs = 60_000

const owesSomething = (link: Link): boolean => link.owedCount > 0 || link.pageAsk !== undefined

/** The link said something that we waited for. */
export const hear = (core: Core, link: Link): void => {
  link.heardAt = core.now
  if (!link.isSilent) return
  link.isSilent = false
  link.silenceTimer.set(core.now + silentMs)
  for (const channel of link.channels.values()) wake(core, channel)
}

/** The timer of the link: it is not moved with each byte, but looks when it is due. */
export const checkSilence = (core: Core, link: Link): void => {
  if (!owesSomething(link)) {
    link.isSilent = false
    return
  }
  // compared as the timer was set: a difference of two times may round the other way
  const since = Math.max(link.heardAt, core.awayUntil)
  const silentAt = since + silentMs
  const deadAt = since + deadMs
  if (core.now >= deadAt) {
    endLink(core, link, 'It owed an answer for a minute and sent nothing.', 'offence')
  } else if (core.now >= silentAt) {
    link.silenceTimer.set(deadAt)
    if (!link.isSilent) fallSilent(core, link)
  } else {
    link.silenceTimer.set(silentAt)
  }
}

const fallSilent = (core: Core, link: Link): void => {
  link.isSilent = true
  for (const channel of link.channels.values()) if (channel.owes.size > 0 || channel.owns.size > 0) disown(core, channel)
}
