/** The open exchange with one peer: its making, and its end from our side. What is said on it about a content is channel.ts. */
import { endChannel, idleMs } from './channel.ts'
import type { Core, Link, Peer } from './core.ts'
import type { LinkId } from './io.ts'
import { pace } from './pace.ts'
import type { Timers } from './timers.ts'
import { forgetUploads } from './upload.ts'

/** Who broke the protocol, or let us wait for ever, is not dialed for so long. */
const penaltyMs = 30_000

export interface LinkTimers { readonly idle: (link: Link) => void, readonly silence: (link: Link) => void, readonly page: (link: Link) => void, readonly room: (link: Link) => void, readonly read: (link: Link) => void }

export const createLink = (core: Core, facts: { readonly id: LinkId, readonly peer: Peer, readonly inbound: boolean }, run: LinkTimers): Link => {
  const timer = (timers: Timers, due: (link: Link) => void) => timers.timer(() => { due(link) })
  const { timers, settings, now } = core
  const link: Link = {
    ...facts, since: now, isEnding: false, wasPreferred: false,
    channels: new Map(), ours: new Map(), theirs: new Map(), nextOurs: 0, nextTheirs: 0, unknown: new Map(), unknownKeys: new Map(), openCount: 0, idleTimer: timer(timers, run.idle),
    pace: pace(settings), owedBytes: 0, owedCount: 0, askedBytes: 0, heardBytes: 0, heardAt: now, isSilent: false, silenceTimer: timer(timers, run.silence),
    pageAsk: undefined, pageTimer: timer(timers, run.page), held: new Set(),
    requests: new Set(), requestedBytes: 0, loading: new Map(), loadingBytes: 0, unsentBytes: 0, reportedBytes: 0,
    roomTimer: timer(timers, run.room), readTimer: timer(timers, run.read), isUploading: false, uploadCredit: 0, paging: new Map(), pagingCount: 0
  }
  link.idleTimer.set(now + idleMs)
  return link
}

/** Forgets all that is open on a link: it is gone, or about to be. */
export const clearLink = (core: Core, link: Link): void => {
  link.isEnding = true
  for (const channel of [...link.channels.values()]) endChannel(core, channel)
  forgetUploads(core, link)
  for (const timer of [link.idleTimer, link.silenceTimer, link.pageTimer, link.roomTimer, link.readTimer]) timer.clear()
  if (link.peer.link === link) link.peer.link = undefined
}

/** @param reason `offence`: the peer is left alone for a while */
export const endLink = (core: Core, link: Link, why: string, reason: 'offence' | 'needless'): void => {
  if (link.isEnding) return
  clearLink(core, link)
  core.effects.push({ type: 'unlink', link: link.id, why })
  if (reason === 'needless') return
  link.peer.dialAt = Math.max(link.peer.dialAt, core.now + penaltyMs)
  link.peer.isPenalised = true
}

export const offend = (core: Core, link: Link, why: string): void => { endLink(core, link, `The peer broke the protocol: ${why}`, 'offence') }
