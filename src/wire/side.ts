/**
 * The channels that one side of a link opened, and the answers it owes on them. Owns their bookkeeping and its bounds; the rules by which channels open, end
 * and settle are in channels.ts.
 */
import type { BlockRange, ChannelNumber } from '../core/message.ts'
import { ProtocolError } from './error.ts'
import { limits } from './limits.ts'
import { createOwed } from './owed.ts'
import type { Owed } from './owed.ts'

export interface Channel {
  readonly number: ChannelNumber
  /** Group and content. */
  readonly subject: string
  /** Chokes that were said on it. */
  readonly chokes: number
}

export interface Side {
  /** @returns undefined for one that has ended @throws ProtocolError for one that was never open */
  find (number: ChannelNumber): Channel | undefined
  about (subject: string): Channel | undefined
  /** @throws ProtocolError when the number was used before, the subject is open, or too many are */
  open (number: ChannelNumber, subject: string): void
  /** A number that was open for no time at all. @throws ProtocolError when it was used before */
  skip (number: ChannelNumber): void
  /** @param late whether answers owed may be on their way */
  end (channel: Channel, late: boolean): void
  /** @throws ProtocolError when this side owes too much */
  owe (channel: Channel, range: BlockRange): void
  /** @returns whether the answer was owed */
  answer (channel: Channel, range: BlockRange): boolean
  /** Everything owed on the channel is answered by it. */
  choke (channel: Channel): void
  /** A block on a channel that has ended. @returns whether it was owed when it ended */
  answerLate (number: ChannelNumber, range: BlockRange): boolean
  /** Nothing more comes on a channel that has ended. */
  forget (number: ChannelNumber): void
}

interface OwnChannel extends Channel { chokes: number, owed: Owed }

export const createSide = (): Side => {
  const live = new Map<ChannelNumber, OwnChannel>()
  const subjects = new Map<string, OwnChannel>()
  /** What is owed on channels that have ended, in the order in which they did. */
  const late = new Map<ChannelNumber, Owed>()
  let highest = -1
  let owedCount = 0

  const own = ({ number }: Channel): OwnChannel => {
    const channel = live.get(number)
    if (channel === undefined) throw new ProtocolError(`Channel ${number} has ended.`)
    return channel
  }

  const settle = (channel: OwnChannel): Owed => {
    const { owed } = channel
    owedCount -= owed.size
    channel.owed = createOwed()
    return owed
  }

  const trimLate = (): void => {
    let count = 0
    for (const owed of late.values()) count += owed.size
    for (const [number, owed] of late) {
      if (count <= limits.lateAnswers) return
      count -= owed.size
      late.delete(number)
    }
  }

  const end = (channel: OwnChannel, isLate: boolean): void => {
    live.delete(channel.number)
    subjects.delete(channel.subject)
    const owed = settle(channel)
    if (!isLate || owed.size === 0) return
    late.set(channel.number, owed)
    trimLate()
  }

  const use = (number: ChannelNumber): void => {
    if (number <= highest) throw new ProtocolError(`Channel ${number} was used before.`)
    highest = number
  }

  return {
    find (number) {
      if (number > highest) throw new ProtocolError(`Channel ${number} was never opened.`)
      return live.get(number)
    },
    about: subject => subjects.get(subject),
    open (number, subject) {
      if (subjects.has(subject)) throw new ProtocolError(`Channel ${number} is about what another is open for.`)
      if (live.size >= limits.channels) throw new ProtocolError(`More than ${limits.channels} channels are open.`)
      use(number)
      const channel = { number, subject, chokes: 0, owed: createOwed() }
      live.set(number, channel)
      subjects.set(subject, channel)
    },
    skip: use,
    end: (channel, isLate) => { end(own(channel), isLate) },
    owe (channel, range) {
      if (owedCount >= limits.outstandingRequests) throw new ProtocolError(`More than ${limits.outstandingRequests} requests have no answer.`)
      own(channel).owed.add(range)
      owedCount++
    },
    answer (channel, range) {
      if (!own(channel).owed.take(range)) return false
      owedCount--
      return true
    },
    choke: channel => { own(channel).chokes++; settle(own(channel)) },
    answerLate (number, range) {
      const owed = late.get(number)
      if (owed?.take(range) !== true) return false
      if (owed.size === 0) late.delete(number)
      return true
    },
    forget: number => { late.delete(number) }
  }
}
