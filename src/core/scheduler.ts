/**
 * What to ask of a peer next: finish what was begun with it, take over what nobody brings, begin a new piece, and when nothing is left to begin, help where
 * others are slow (help.ts). One request at a time, in turns. Owns the order of these and the reasons to wait.
 */
import { pieceBytes } from '../contract/index.ts'
import { askFrom, setOwner } from './asking.ts'
import { assembly } from './assembly.ts'
import { hasCandidate, nextPiece } from './choosing.ts'
import type { Channel, Core } from './core.ts'
import { help, relieve, rescue } from './help.ts'
import { passTurn } from './interest.ts'
import { askPage } from './pages.ts'
import { nextReady, wake, wakeAt, wakeTransfer } from './ready.ts'
import { withdraw } from './transfer.ts'

/** A link asks for at most so many ranges at once: the other side bounds them too. */
const maxOwed = 900
/**
 * Of what is missing, so much may be asked of one peer ahead of need: what one has promised nobody else is asked for, so a fast source would be asked for all
 * that is left, and those who are fetching the same would have nothing to give each other.
 */
const shareOfMissing = 8
/** A link that brings a piece within this has shown that it may use all of the budget. */
const goodTimeMs = 10_000
/** Beyond so much that came and is not stored, nothing more is asked: storage is the slower, and what is not stored is lost with the process. */
const mostUnstoredBytes = 4 * 1024 * 1024
/** When the selector names nothing, it is asked again after this. */
const undecidedMs = 1_000

type Outcome = 'asked' | 'held' | 'thirsty' | 'starved' | 'behind' | 'nothing'

/** At least two requests, so that the link does not idle between them, but never more than the bound. */
const hasRoom = (core: Core, { link: { owedBytes, owedCount, pace }, owedBytes: ownBytes, transfer: { manifest, haveBytes } }: Channel): boolean => {
  if (owedCount === 0) return true
  const next = Math.min(pace.requestBytes, manifest.pieceLength)
  if (owedCount >= maxOwed || owedBytes + next > core.settings.maxOwedBytes) return false
  if (owedCount < 2) return true
  const share = Math.max(pace.leastBytes, (manifest.length - haveBytes) / shareOfMissing)
  // to the nearest request
  return owedBytes + next / 2 <= pace.windowBytes && ownBytes + next / 2 <= share
}

const finishBegun = (core: Core, channel: Channel): boolean => {
  for (const assembly of channel.owns) if (askFrom(core, channel, assembly)) return true
  return false
}

const isProven = (core: Core, { link }: Channel, bytes: number): boolean => {
  const rate = link.pace.rate(core.now)
  return rate > 0 && bytes * 1000 / rate <= goodTimeMs
}

const beginPiece = (core: Core, channel: Channel): Outcome => {
  const { transfer } = channel
  if (transfer.stalled !== undefined || !hasCandidate(channel)) return 'nothing'
  const most = pieceBytes(transfer.manifest, 0)
  const proven = isProven(core, channel, most)
  if (!core.downBudget.fits(most, proven)) return 'starved'
  const piece = nextPiece(core, channel, core.downBudget.room(proven))
  if (piece === undefined) {
    wakeAt(channel, core.now + undecidedMs)
    return 'nothing'
  }
  withdraw(transfer, piece)
  const bytes = pieceBytes(transfer.manifest, piece)
  core.downBudget.reserve(bytes, proven)
  const begun = assembly({ transfer, piece, bytes, proven, exclusive: transfer.suspicions.has(piece), begunAt: core.now })
  transfer.active.set(piece, begun)
  setOwner(begun, channel)
  // whoever has nothing left to begin may help
  if (transfer.rarity?.size === 0) wakeTransfer(core, transfer)
  // an old request for the same range is unanswered there: another takes the piece, or this one when it is answered
  return askFrom(core, channel, begun) ? 'asked' : 'held'
}

const askBlock = (core: Core, channel: Channel): Outcome => {
  const { link, transfer } = channel
  if (channel.isChoked || link.isSilent || channel.useful <= 0) return 'nothing'
  if (core.now < channel.askAt) {
    wakeAt(channel, channel.askAt)
    return 'nothing'
  }
  if (!hasRoom(core, channel)) return 'held'
  const at = core.downLimit.readyAt(core.now)
  if (at > core.now) {
    if (at < Infinity) core.downTimer.set(at)
    return 'thirsty'
  }
  if (transfer.unstoredBytes > Math.max(mostUnstoredBytes, transfer.manifest.pieceLength)) return 'behind'
  if (finishBegun(core, channel) || rescue(core, channel)) return 'asked'
  const begun = beginPiece(core, channel)
  if (begun === 'asked' || begun === 'held') return begun
  // a full budget may be what it is all the time: then it is not worth a look at each turn
  const mayHelp = begun === 'starved' ? core.now >= channel.helpAt : (transfer.rarity?.size === 0 && transfer.missingPages.size === 0)
  return mayHelp && help(core, channel) ? 'asked' : begun
}

/** One request for the channel whose turn it is. @returns whether any had a turn */
export const stepAsk = (core: Core): boolean => {
  const channel = nextReady(core)
  if (channel === undefined) return false
  askPage(core, channel)
  const outcome = askBlock(core, channel)
  if (outcome !== 'asked') channel.shortlist.length = 0
  switch (outcome) {
    case 'asked': wake(core, channel); break
    case 'held': channel.link.held.add(channel); break
    case 'thirsty': core.thirsty.add(channel); break
    case 'behind': core.starved.add(channel); break
    case 'starved':
      core.starved.add(channel)
      relieve(core)
      break
    case 'nothing': passTurn(core, channel); break
    default: outcome satisfies never
  }
  return true
}
