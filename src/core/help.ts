/**
 * Who else brings what somebody does not: pieces adrift, the slow end of a download, a budget that is full of pieces nobody brings. Owns when a range is asked
 * of a second peer, which is the only way in which bytes are fetched twice on purpose.
 *
 * Endgame is strict: first ranges that nobody was asked for, and a second peer for a range only if it will bring it much sooner than the first.
 */
import { abandon, askFrom, issue, leaveAdrift, rangeKey, setOwner } from './asking.ts'
import { arrivedBytes } from './assembly.ts'
import type { Ask, Assembly } from './assembly.ts'
import { isBarred } from './choosing.ts'
import type { Channel, Core, Link } from './core.ts'
import { wakeAt } from './ready.ts'

/** A range is asked of at most so many: of each after the first only if all before are silent, or much slower. */
const mostAskers = 3
/** A second peer must be so much quicker than the first. */
const quickerTimes = 2
const quickerMs = 100
/** What is asked of a peer whose rate is not known is expected within this of the request. */
const guessMs = 1_000
/** A request that others overtook is believed to be answered until it is so old. */
const overtakenMs = 2_000
/** While something is slow, whether to help is looked at so often. */
const lookMs = 250
/** A piece that must come whole from one peer is left with it for so long, doubling with each attempt, before a much quicker one gets it. */
const patienceMs = 5_000
const barMs = 60_000

const isAllSilent = (ask: Ask): boolean => ask.askers.every(({ link }) => link.isSilent)

const canBring = (core: Core, channel: Channel, { piece }: Assembly): boolean => channel.has?.has(piece) === true && !isBarred(core, channel, piece)

const canRepeat = (channel: Channel, ask: Ask): boolean =>
  ask.askers.length < mostAskers && ask.askers.every(({ link }) => link !== channel.link) &&
  !channel.owes.has(rangeKey({ piece: ask.assembly.piece, offset: ask.offset }))

/** Takes over from those who are gone or silent. */
export const rescue = (core: Core, channel: Channel): boolean => {
  const { adrift } = channel.transfer
  for (const assembly of adrift) {
    const silent = [...assembly.asks.values()].filter(isAllSilent)
    const isOpen = assembly.owner === undefined && assembly.gaps.length > 0
    if (!isOpen && silent.length === 0) {
      leaveAdrift(core, assembly)
      continue
    }
    if (!canBring(core, channel, assembly)) {
      const barredUntil = channel.barred.get(assembly.piece)
      if (barredUntil !== undefined && barredUntil > core.now) wakeAt(channel, barredUntil)
      continue
    }
    if (isOpen) {
      setOwner(assembly, channel)
      if (askFrom(core, channel, assembly)) return true
      setOwner(assembly, undefined)
    }
    const ask = silent.find(ask => canRepeat(channel, ask))
    if (ask === undefined) continue
    issue(core, channel, ask)
    return true
  }
  return false
}

/** When the link will have brought so many bytes. */
const etaMs = (core: Core, { pace }: Link, bytes: number): number => {
  const rate = pace.rate(core.now)
  return rate === 0 ? Infinity : bytes * 1000 / rate
}

/** When it will have brought all that it owes, and so many bytes more. */
const restEtaMs = (core: Core, link: Link, bytes: number): number => etaMs(core, link, link.owedBytes + bytes)

/** When a range that was asked will have come: the soonest of those who were asked, which answer in order. */
const askEtaMs = (core: Core, ask: Ask): number => {
  let soonest = Infinity
  for (const { link, owes } of ask.askers) {
    const owe = owes.get(rangeKey({ piece: ask.assembly.piece, offset: ask.offset }))
    if (owe === undefined) continue
    const ahead = owe.mark - (link.askedBytes - link.owedBytes)
    const age = core.now - owe.at
    // what was asked later has come, for so long that this one seems not to be meant to
    if (ahead < owe.length && age > overtakenMs) continue
    const eta = etaMs(core, link, ahead)
    soonest = Math.min(soonest, eta < Infinity || age > guessMs ? eta : guessMs)
  }
  return soonest
}

const isFar = (theirs: number, ours: number): boolean => theirs > quickerTimes * ours + quickerMs

/** Who brings a piece that comes whole from one peer. */
const holderOf = ({ owner, asks }: Assembly): Link | undefined => {
  const [ask] = asks.values()
  return (owner ?? ask?.askers[0])?.link
}

/** Whether a piece of one peer only would come much sooner from another, though the first had its time. */
const isHopeless = (core: Core, assembly: Assembly, oursMs: number): boolean => {
  const { transfer, piece, gaps, begunAt } = assembly
  const attempts = transfer.suspicions.get(piece)?.attempts ?? 0
  const holder = holderOf(assembly)
  const missing = gaps.reduce((sum, { length }) => sum + length, 0)
  return core.now - begunAt > patienceMs * 2 ** attempts && (holder === undefined || isFar(restEtaMs(core, holder, missing), oursMs))
}

/** Takes it from who has it, for another to begin anew. */
const reassign = (core: Core, assembly: Assembly): void => {
  const { transfer, piece } = assembly
  const suspicion = transfer.suspicions.get(piece)
  if (suspicion !== undefined) suspicion.attempts++
  const holders = new Set([...assembly.asks.values()].flatMap(({ askers }) => askers))
  if (assembly.owner !== undefined) holders.add(assembly.owner)
  for (const holder of holders) holder.barred.set(piece, core.now + barMs)
  abandon(core, assembly)
}

/** The range, or the rest of a piece, that this peer should bring in another's place. */
const neediest = (core: Core, channel: Channel, oursMs: number): Ask | Assembly | undefined => {
  let worst = 0
  let found: Ask | Assembly | undefined
  for (const assembly of channel.transfer.active.values()) {
    if (assembly.state !== 'filling' || assembly.exclusive || !canBring(core, channel, assembly)) continue
    if (assembly.gaps.length > 0 && assembly.owner !== channel) {
      const eta = assembly.owner === undefined ? Infinity : restEtaMs(core, assembly.owner.link, assembly.gaps[0]?.length ?? 0)
      // what nobody was asked for comes before what would be fetched twice
      if (eta > oursMs && (found === undefined || 'askers' in found || eta > worst)) [worst, found] = [eta, assembly]
    }
    if (found !== undefined && !('askers' in found)) continue
    for (const ask of assembly.asks.values()) {
      const eta = askEtaMs(core, ask)
      if (eta > worst && isFar(eta, oursMs) && canRepeat(channel, ask)) [worst, found] = [eta, ask]
    }
  }
  return found
}

const giveUpHopeless = (core: Core, channel: Channel, oursMs: number): void => {
  for (const assembly of channel.transfer.active.values()) {
    if (!assembly.exclusive || assembly.state !== 'filling' || !canBring(core, channel, assembly)) continue
    if (holderOf(assembly) !== channel.link && isHopeless(core, assembly, oursMs)) {
      reassign(core, assembly)
      return
    }
  }
}

/** Asks for something that another was to bring, where that is worth it. */
export const help = (core: Core, channel: Channel): boolean => {
  const { link, transfer } = channel
  const eta = restEtaMs(core, link, link.pace.requestBytes)
  const oursMs = eta < Infinity ? eta : guessMs
  const found = neediest(core, channel, oursMs)
  if (found !== undefined && 'askers' in found) {
    issue(core, channel, found)
    return true
  }
  if (found !== undefined && askFrom(core, channel, found)) return true
  giveUpHopeless(core, channel, oursMs)
  channel.helpAt = core.now + lookMs
  if (transfer.helpTimer.at === undefined && transfer.active.size > 0) transfer.helpTimer.set(core.now + lookMs)
  return false
}

const canAnyBring = (core: Core, assembly: Assembly): boolean => {
  for (const channel of assembly.transfer.channels) {
    if (channel.isJoined && !channel.isChoked && !channel.link.isSilent && canBring(core, channel, assembly)) return true
  }
  return false
}

/** The budget is full: pieces that nobody who is here brings give way, the least complete first, one at a time. */
export const relieve = (core: Core): void => {
  let least: Assembly | undefined
  for (const assembly of core.adrift) {
    if (assembly.owner !== undefined || ![...assembly.asks.values()].every(isAllSilent) || canAnyBring(core, assembly)) continue
    if (least === undefined || arrivedBytes(assembly) < arrivedBytes(least)) least = assembly
  }
  if (least !== undefined) abandon(core, least)
}
