/** The two effects on a link that every part of the session gives. */
import type { Core, Link } from './core.ts'
import type { SessionEvent } from './io.ts'
import type { Message } from './message.ts'

/** Says nothing on a link that we end. */
export const send = (core: Core, link: Link, message: Message): void => {
  if (!link.isEnding) core.effects.push({ type: 'send', link: link.id, message })
}

export const emit = (core: Core, event: SessionEvent): void => { core.effects.push({ type: 'emit', event }) }
