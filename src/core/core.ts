/**
 * The shape of all that a session remembers, and nothing else. Who changes what: peers in dialing.ts, channels in channel.ts, transfers in transfer.ts,
 * what is asked in scheduler.ts, help.ts, pages.ts and download.ts, what is served in upload.ts and slots.ts.
 *
 * Memory. Down: at most `downBudgetBytes` of pieces that were begun (or one piece, if that is more), and one block on its way per link. Up: at most
 * `upBudgetBytes` loaded or unsent. Beside that, of contents that are not complete, 13 bytes per piece, and one bit per piece and link.
 * Of those that are, at most 4,096 pieces that are being given.
 */
import type { Bitfield, ContentId, ErrorCode, GroupId, Manifest, PeerId, PieceIndex, Selector } from '../contract/index.ts'
import type { Assembly, Ask } from './assembly.ts'
import type { Bits } from './bits.ts'
import type { Suspicion } from './blame.ts'
import type { DownBudget } from './budget.ts'
import type { Candidates } from './candidates.ts'
import type { Fifo } from './fifo.ts'
import type { Effect, LinkId } from './io.ts'
import type { BlockRange, ChannelNumber } from './message.ts'
import type { Pace } from './pace.ts'
import type { Random } from './random.ts'
import type { Rarity } from './rarity.ts'
import type { Settings } from './settings.ts'
import type { Gift } from './spreading.ts'
import type { Timer, Timers } from './timers.ts'
import type { TokenBucket } from './token-bucket.ts'

export interface Core {
  readonly self: PeerId
  readonly settings: Settings
  readonly selector: Selector
  readonly random: Random
  readonly timers: Timers
  readonly effects: Fifo<Effect>
  now: number
  /** Until then the loop was held up: that nothing was heard says nothing about others. */
  awayUntil: number

  readonly credentials: Map<GroupId, Uint8Array>
  readonly peers: Map<PeerId, Peer>
  readonly links: Map<LinkId, Link>
  dialing: number
  readonly transfers: Map<ContentId, Transfer>
  /** Answers that are still to come for contents that were dropped, by what was ordered. */
  readonly ghosts: Map<string, number>

  /** Transfers with channels that may be able to ask: each asks once in its turn. */
  readonly asking: Fifo<Transfer>
  /** Transfers with pieces to tell. */
  readonly telling: Fifo<Transfer>
  /** Channels that wait for a piece to be stored or given up. */
  readonly starved: Set<Channel>
  /** Channels that wait for the down limit. */
  readonly thirsty: Set<Channel>
  /** Those of all transfers. */
  readonly adrift: Set<Assembly>
  readonly downBudget: DownBudget
  readonly downLimit: TokenBucket
  readonly downTimer: Timer

  readonly uploading: Fifo<Link>
  readonly blockedUploads: Set<Link>
  upBytes: number
  readonly upLimit: TokenBucket
  readonly upTimer: Timer
  /** Channels that are served, longest served first; and those that wait, longest waiting first. */
  readonly served: Set<Channel>
  readonly waiting: Set<Channel>
  readonly rotation: Timer
  /** Looks through what changes too often to be acted on at once. */
  readonly sweep: Timer
}

/** Somebody that was sighted, or is linked. */
export interface Peer {
  readonly id: PeerId
  link: Link | undefined
  isDialing: boolean
  /** Dials, and links that did not last, since the last success. */
  failures: number
  dialAt: number
  /** It broke the protocol: a new sighting does not shorten the wait. */
  isPenalised: boolean
  readonly timer: Timer
  /** Contents that it was sighted for. */
  readonly transfers: Set<Transfer>
}

/** That a peer takes part in a content in a group, and when to try to open it with that peer. */
export interface Sighting {
  readonly group: GroupId
  /** Whether the tracker said so; else the peer itself proved it, and only its link is used. */
  isAnnounced: boolean
  tries: number
  openAt: number
  readonly timer: Timer
}

export interface Link {
  readonly id: LinkId
  readonly peer: Peer
  readonly inbound: boolean
  readonly since: number
  /** We gave `unlink`: nothing more is said or heard. */
  isEnding: boolean
  /** A link that the other side dialed was ended for it. */
  wasPreferred: boolean
  /** By group and content. */
  readonly channels: Map<string, Channel>
  readonly ours: Map<ChannelNumber, Channel>
  readonly theirs: Map<ChannelNumber, Channel>
  nextOurs: ChannelNumber
  nextTheirs: ChannelNumber
  /** Their opens of what we do not share with them, not yet refused: by group and content, and these by number. */
  readonly unknown: Map<string, { readonly number: ChannelNumber, readonly reopened: number }>
  readonly unknownKeys: Map<ChannelNumber, string>
  /** Channels that are open both ways. */
  openCount: number
  readonly idleTimer: Timer

  // what it owes us
  readonly pace: Pace
  owedBytes: number
  owedCount: number
  /** All that it was ever asked. */
  askedBytes: number
  /** Of a block that is not complete. */
  heardBytes: number
  heardAt: number
  /** It owes us something and said nothing for a while. */
  isSilent: boolean
  readonly silenceTimer: Timer
  /** The page of hashes that it was asked for. */
  pageAsk: { readonly channel: Channel, readonly page: number } | undefined
  readonly pageTimer: Timer
  /** Channels that wait for an answer on this link. */
  readonly held: Set<Channel>

  // what we owe it
  readonly requests: Set<UpRequest>
  requestedBytes: number
  /** By content and range. */
  readonly loading: Map<string, UpRequest[]>
  loadingBytes: number
  /** As reported, and what was sent since. */
  unsentBytes: number
  reportedBytes: number
  readonly roomTimer: Timer
  readonly readTimer: Timer
  isUploading: boolean
  /** Bytes that it may be given before others have their turn. */
  uploadCredit: number
  /** Asked pages that are being loaded, by content and first piece. */
  readonly paging: Map<string, Channel[]>
  pagingCount: number
}

/** One content in one group on one link. */
export interface Channel {
  readonly link: Link
  readonly transfer: Transfer
  readonly group: GroupId
  readonly key: string
  ours: ChannelNumber | undefined
  theirs: ChannelNumber | undefined
  admission: 'none' | 'asked' | 'admitted'
  /** How often the other side opened it anew. */
  reopened: number
  /** What was wrong with what it said before it was admitted: until then it must not see that there is anything. */
  wrong: string | undefined
  /** We sent `pieces`. */
  hasTold: boolean
  /** Counted among the open ones of its link. */
  isCounted: boolean

  // what they have
  has: Holdings | undefined
  /** What they have counts: they are admitted. */
  isJoined: boolean
  /** Pieces they have and we do not. */
  useful: number
  /** Of these, those that may be begun. Undefined while it is not joined, and when the content is complete. */
  candidates: Candidates | undefined

  // what we ask
  wanting: boolean
  /** It had nothing that we need when last looked at. */
  isUseless: boolean
  isChoked: boolean
  /** A block came since it was unchoked. */
  hasDelivered: boolean
  readonly owes: Map<number, Owe>
  owedBytes: number
  /** Pieces begun here. */
  readonly owns: Set<Assembly>
  shortlist: PieceIndex[]
  /** Rejects, and chokes without a block before them, in a row. */
  fruitless: number
  /** Rejects in a row by who has everything. */
  wasSentAway: number
  askAt: number
  /** While the budget is full, it is looked for something to help with from then on. */
  helpAt: number
  pageAt: number
  /** `pagesReturned` when this channel last found no page to ask for; -1: it has to look. */
  pagesSeen: number
  pageTries: number
  readonly timer: Timer
  /** Pieces it rejected, and until when they are not asked of it. */
  readonly barred: Map<PieceIndex, number>
  isReady: boolean

  // what they ask
  wanted: boolean
  isChoking: boolean
  /** Requests that were rejected in a row, because others have what was asked for. */
  sentAway: number
  /** It told of a piece that it was given. */
  hasSpread: boolean
  /** Pieces that it was given before that. */
  untold: number
  turnedAt: number
  /** Bytes sent since it was unchoked. */
  givenBytes: number
  readonly requested: Map<number, UpRequest[]>
}

export interface Holdings {
  /** Undefined: they have everything. */
  readonly bits: Bits | undefined
  readonly count: number
  has (piece: PieceIndex): boolean
  add (piece: PieceIndex): boolean
}

/** A request of ours without an answer. */
export interface Owe extends BlockRange {
  readonly at: number
  /** All that the link was ever asked, with this: how far back it stands in the queue. */
  readonly mark: number
  readonly unhindered: boolean
  /** undefined: no longer needed. */
  ask: Ask | undefined
}

/** A request of theirs without an answer. */
export interface UpRequest extends BlockRange {
  readonly channel: Channel
  state: 'queued' | 'loading' | 'cancelled' | 'answered' // cancelled: while loading; answered: by a choke, or the channel's end, while loading
}

export interface Transfer {
  readonly content: ContentId
  readonly manifest: Manifest
  readonly pieces: number
  readonly groups: Set<GroupId>
  readonly have: Bitfield
  readonly pages: Bitfield
  readonly sightings: Map<PeerId, Map<GroupId, Sighting>>
  readonly channels: Set<Channel>
  readonly blamed: Set<PeerId>
  isComplete: boolean
  /** A store failed for good: nothing more is asked. */
  isFailed: boolean

  // what we give, when complete (spreading.ts)
  readonly gifts: Map<PieceIndex, Gift>
  /** Every piece before this one was given to somebody, when last looked at. */
  ungiven: PieceIndex
  /** From a first request for a piece to the news that it is stored there: an estimate. */
  tellMs: number

  /** Undefined when complete. */
  rarity: Rarity | undefined
  /** Joined channels that have everything. */
  seeds: number
  readonly active: Map<PieceIndex, Assembly>
  /** Active pieces that need another peer: nobody's, or asked of somebody who is silent. */
  readonly adrift: Set<Assembly>
  readonly suspicions: Map<PieceIndex, Suspicion>
  /** Pages that are not proved and have pieces that we need. */
  readonly missingPages: Set<number>
  readonly pagesAsked: Set<number>
  /** How often a page was given back, to be asked of others: whoever found none to ask for need not look again before. */
  pagesReturned: number
  /** Pages whose hashes came and are being checked. */
  readonly proving: Set<number>
  readonly ready: Fifo<Channel>
  isAsking: boolean
  readonly helpTimer: Timer
  hasMisselected: boolean

  /** Whole, and not stored yet, or given up. */
  unstoredBytes: number
  fresh: PieceIndex[]
  stalled: ErrorCode | undefined
  readonly unstored: Set<Assembly>
  readonly storeTimer: Timer

  haveBytes: number
  fetchedBytes: number
  wastedBytes: number
  sentBytes: number
  readonly bytesByPeer: Map<PeerId, number>
}
