/**
 * The session: facts in, orders out. Owns the order in which things happen: the input, then what is due by time, then, as it is polled, what others wait for
 * most: answers, news of pieces, uploads, requests. Everything it remembers is in core.ts; what it does is in the file of each subject.
 */
import { downBudget } from './budget.ts'
import { onAdmitted } from './channel.ts'
import { onAdded, onCredential, onDropped, onLeft, onRegrouped, onRemoved, sweep } from './contents.ts'
import type { Core, Link } from './core.ts'
import { onLinked, onProvedMember, onSighted, onUndialed, onUnlinked, retryLater } from './dialing.ts'
import { onHeard } from './download.ts'
import { fifo } from './fifo.ts'
import { layGhost } from './ghosts.ts'
import type { Input, Limits, LinkId, Session, SessionOptions } from './io.ts'
import { endLink, offend } from './link.ts'
import type { LinkTimers } from './link.ts'
import { onMessage } from './messages.ts'
import { onPaged, onPageLate, onProved } from './pages.ts'
import { mixed, random } from './random.ts'
import { wakeThirsty } from './ready.ts'
import { stepAsk } from './scheduler.ts'
import { settings } from './settings.ts'
import { checkSilence } from './silence.ts'
import { endTurns, rotate } from './slots.ts'
import { blame, onStored, onUnstored, onVerified, orderAgain, stepTell } from './storing.ts'
import { timers } from './timers.ts'
import { tokenBucket } from './token-bucket.ts'
import { onLoaded, onRoom, onUnreported, onUpTime, stepUpload } from './upload.ts'
import { sessionView } from './view.ts'

/** A timer that is so much overdue shows that the process did not run, or the machine slept. */
const heldUpMs = 500

const createCore = (options: SessionOptions): Core => {
  const heap = timers()
  const limits = options.limits ?? {}
  const checked = settings(options)
  const core: Core = {
    self: options.peer, settings: checked, selector: options.selector, random: random(mixed(options.seed, options.peer)), timers: heap, effects: fifo(), now: 0, awayUntil: 0,
    credentials: new Map(), peers: new Map(), links: new Map(), dialing: 0, transfers: new Map(), ghosts: new Map(),
    asking: fifo(), telling: fifo(), starved: new Set(), thirsty: new Set(), adrift: new Set(),
    downBudget: downBudget(checked.downBudgetBytes), downLimit: tokenBucket(limits.down), downTimer: heap.timer(() => { wakeThirsty(core) }),
    uploading: fifo(), blockedUploads: new Set(), upBytes: 0, upLimit: tokenBucket(limits.up), upTimer: heap.timer(() => { onUpTime(core) }),
    served: new Set(), waiting: new Set(), rotation: heap.timer(() => { rotate(core) }), sweep: heap.timer(() => { sweep(core) })
  }
  return core
}

const linkTimers = (core: Core): LinkTimers => ({
  idle: link => { endLink(core, link, 'Nothing was open on it for a while.', 'needless') },
  silence: link => { checkSilence(core, link) },
  page: link => { onPageLate(core, link) },
  room: link => { onUnreported(core, link) },
  read: link => { endLink(core, link, 'It did not read what was sent.', 'offence') }
})

const onLimited = (core: Core, { up, down }: Limits): void => {
  core.upLimit.limit(up, core.now)
  core.downLimit.limit(down, core.now)
  wakeThirsty(core)
  onUpTime(core)
}

const liveLink = (core: Core, id: LinkId): Link | undefined => {
  const link = core.links.get(id)
  return link?.isEnding === false ? link : undefined
}

/** Facts about a content that is there. */
const onContent = (core: Core, input: Extract<Input, { type: 'regrouped' | 'dropped' | 'sighted' | 'proved' }>): void => {
  const transfer = core.transfers.get(input.content)
  if (transfer === undefined) return
  switch (input.type) {
    case 'regrouped': onRegrouped(core, transfer, input.groups); return
    case 'dropped': onDropped(core, transfer); return
    case 'sighted': onSighted(core, transfer, input.group, input.peer); return
    case 'proved': {
      onProved(core, transfer, input.first, input.ok)
      const peer = core.links.get(input.link)?.peer.id
      if (!input.ok && peer !== undefined) blame(core, transfer, peer, `Its hashes from piece ${input.first} are not those of the content.`)
      return
    }
    default: input satisfies never
  }
}

/** Answers of integrity and storage about a piece. */
const onAnswer = (core: Core, input: Extract<Input, { type: 'verified' | 'stored' | 'unstored' }>): void => {
  const { content, piece } = input
  const transfer = core.transfers.get(content)
  const ordered = input.type === 'verified' ? 'verifying' : 'storing'
  const isGhost = layGhost(core, content, piece, ordered)
  if (transfer === undefined) return
  if (isGhost) orderAgain(core, transfer, piece, ordered)
  else if (input.type === 'verified') onVerified(core, transfer, piece, input.ok)
  else if (input.type === 'stored') onStored(core, transfer, piece)
  else onUnstored(core, transfer, piece, input.code, input.retry)
}

/** Facts about a link that is there. */
const onLink = (core: Core, input: Extract<Input, { type: 'message' | 'heard' | 'room' | 'admitted' }>): void => {
  const link = liveLink(core, input.link)
  if (link === undefined) return
  switch (input.type) {
    case 'message': onMessage(core, link, input.message); return
    case 'heard': onHeard(core, link, input.bytes); return
    case 'room':
      if (input.unsentBytes === 0) endTurns(core, link)
      if (onRoom(core, link, input.unsentBytes)) endLink(core, link, 'It does not read what is sent.', 'offence')
      return
    case 'admitted': {
      const channel = onAdmitted(core, link, input.number, input.ok)
      if (channel === undefined) return
      if (channel.admission !== 'admitted') retryLater(core, channel)
      else if (channel.wrong !== undefined) offend(core, link, channel.wrong)
      else onProvedMember(core, channel)
      return
    }
    default: input satisfies never
  }
}

const act = (core: Core, run: LinkTimers, input: Input): void => {
  switch (input.type) {
    case 'tick': return
    case 'credential': onCredential(core, input.group, input.credential); return
    case 'left': onLeft(core, input.group); return
    case 'removed': onRemoved(core, input.group, input.peer); return
    case 'limited': onLimited(core, input.limits); return
    case 'linked': onLinked(core, input.link, input.peer, input.inbound, run); return
    case 'unlinked': onUnlinked(core, input.link); return
    case 'undialed': onUndialed(core, input.peer); return
    case 'message': case 'heard': case 'room': case 'admitted': onLink(core, input); return
    case 'added': onAdded(core, input); return
    case 'loaded': onLoaded(core, input); return
    case 'paged': onPaged(core, input); return
    case 'verified': case 'stored': case 'unstored': onAnswer(core, input); return
    case 'regrouped': case 'dropped': case 'sighted': case 'proved': onContent(core, input); return
    default: input satisfies never
  }
}

export const createSession = (options: SessionOptions): Session => {
  const core = createCore(options)
  const run = linkTimers(core)
  return {
    handle (input, now) {
      core.now = Math.max(core.now, now)
      const due = core.timers.next
      if (due !== undefined && due + heldUpMs < core.now) core.awayUntil = core.now
      // the input first: a message that ends a channel was heard by the codec already, which takes nothing more for that channel
      act(core, run, input)
      core.timers.runDue(core.now)
    },
    poll () {
      while (core.effects.size === 0) if (!stepTell(core) && !stepUpload(core) && !stepAsk(core)) return undefined
      return core.effects.shift()
    },
    get wakeAt () { return core.timers.next },
    view: sessionView(core)
  }
}
