/**
 * The piece hashes, in pages of 512: before a piece is begun its page must be proved. Owns who is asked for which page, one at a time per link, and the
 * answers to those who ask us. Hashes are 0.006 % of the data at 512 KiB pieces, so pages are fetched as fast as one at a time allows, in rising order.
 */
import { hashPage } from '../contract/index.ts'
import { expectAnswer, rest, silentMs } from './asking.ts'
import type { Channel, Core, Link, Transfer } from './core.ts'
import type { Input } from './io.ts'
import type { MessageOf } from './message.ts'
import { wake, wakeAt, wakeTransfer } from './ready.ts'
import { send } from './send.ts'
import { pageSize, prove } from './transfer.ts'

/** A hash of the longest kind takes 64 bytes. */
const maxHashBytes = 64
/** A peer that could not give a page is asked for one again after this, doubling to the most. */
const firstWaitMs = 500
const mostWaitMs = 30_000
/** We ask one page at a time. Who asks for more than this at once does something else. */
const maxPaging = 64

const nextPage = ({ transfer, has }: Channel): number | undefined => {
  if (has === undefined) return undefined
  for (const page of transfer.missingPages) {
    const first = page * hashPage
    if (!transfer.pagesAsked.has(page) && has.bits?.any(first, first + pageSize(transfer, page)) !== false) return page
  }
  return undefined
}

/** The page may be asked of others. */
const giveBack = (transfer: Transfer, page: number): void => {
  transfer.pagesAsked.delete(page)
  transfer.pagesReturned++
}

/** Asks the channel's peer for a page that is needed and that it has pieces of. */
export const askPage = (core: Core, channel: Channel): void => {
  const { link, transfer, ours } = channel
  if (transfer.missingPages.size === transfer.pagesAsked.size || link.pageAsk !== undefined || ours === undefined || link.isSilent) return
  if (core.now < channel.pageAt) {
    wakeAt(channel, channel.pageAt)
    return
  }
  if (channel.pagesSeen === transfer.pagesReturned) return
  const page = nextPage(channel)
  if (page === undefined) {
    channel.pagesSeen = transfer.pagesReturned
    return
  }
  transfer.pagesAsked.add(page)
  link.pageAsk = { channel, page }
  link.pageTimer.set(core.now + silentMs)
  send(core, link, { type: 'ask-hashes', number: ours, layer: 0, first: page * hashPage, count: pageSize(transfer, page) })
  expectAnswer(core, link)
}

/** The answer takes long: others may be asked as well. */
export const onPageLate = (core: Core, link: Link): void => {
  const { pageAsk } = link
  if (pageAsk === undefined) return
  giveBack(pageAsk.channel.transfer, pageAsk.page)
  wakeTransfer(core, pageAsk.channel.transfer)
}

/** @returns the page, if it was asked for */
const asked = ({ pageAsk }: Link, channel: Channel, first: number): number | undefined =>
  pageAsk?.channel === channel && pageAsk.page * hashPage === first ? pageAsk.page : undefined

/** The question has its answer. Of one that breaks the protocol it has not: the page goes back when the link ends. */
const settlePage = (link: Link): void => {
  link.pageAsk = undefined
  link.pageTimer.clear()
  rest(link)
}

/** The link has room for another question. */
const wakeAskers = (core: Core, link: Link): void => { for (const channel of link.channels.values()) if (channel.transfer.missingPages.size > 0) wake(core, channel) }

/** @returns what is wrong with it */
export const onHashes = (core: Core, channel: Channel, { layer, first, hashes, proof }: MessageOf<'hashes'>): string | undefined => {
  const { link, transfer } = channel
  const page = asked(link, channel, first)
  if (page === undefined || layer !== 0) return `it sent hashes from ${first} that nobody asked for`
  const count = pageSize(transfer, page)
  if (hashes.byteLength === 0 || hashes.byteLength % count !== 0 || hashes.byteLength > count * maxHashBytes) return `it sent ${hashes.byteLength} bytes for ${count} hashes`
  settlePage(link)
  channel.pageTries = 0
  if (transfer.missingPages.has(page) && !transfer.proving.has(page)) {
    transfer.pagesAsked.add(page)
    transfer.proving.add(page)
    core.effects.push({ type: 'prove', content: transfer.content, link: link.id, first, hashes, proof })
  }
  wakeAskers(core, link)
  return undefined
}

/** @returns what is wrong with it */
export const onNoHashes = (core: Core, channel: Channel, { layer, first }: MessageOf<'no-hashes'>): string | undefined => {
  const { link, transfer } = channel
  const page = asked(link, channel, first)
  if (page === undefined || layer !== 0) return `it has no hashes from ${first}, which nobody asked for`
  settlePage(link)
  giveBack(transfer, page)
  channel.pageAt = core.now + Math.min(mostWaitMs, firstWaitMs * 2 ** channel.pageTries++)
  wakeTransfer(core, transfer)
  wakeAskers(core, link)
  return undefined
}

/** A page was checked. */
export const onProved = (core: Core, transfer: Transfer, first: number, ok: boolean): void => {
  const page = first / hashPage
  if (!transfer.proving.delete(page)) return
  if (ok) prove(transfer, page)
  else giveBack(transfer, page)
  wakeTransfer(core, transfer)
}

/** The channel's peer answers no page any more. */
export const leavePage = (core: Core, channel: Channel): void => {
  const { link, transfer } = channel
  if (link.pageAsk?.channel !== channel) return
  giveBack(transfer, link.pageAsk.page)
  settlePage(link)
  wakeTransfer(core, transfer)
  wakeAskers(core, link)
}

/** Somebody asks us. @returns what is wrong with it */
export const onAskHashes = (core: Core, channel: Channel, { layer, first, count }: MessageOf<'ask-hashes'>): string | undefined => {
  const { link, transfer, ours } = channel
  const page = first / hashPage
  if (ours === undefined) return undefined
  if (first >= transfer.pieces || !Number.isInteger(page) || count !== pageSize(transfer, page)) return `it asks for ${count} hashes from ${first} of ${transfer.pieces}`
  if (link.pagingCount >= maxPaging) return `it asks for more than ${maxPaging} pages of hashes at once`
  if (layer !== 0 || !transfer.pages.has(page)) {
    send(core, link, { type: 'no-hashes', number: ours, layer, first, count })
    return undefined
  }
  const key = `${transfer.content} ${first}`
  const askers = link.paging.get(key) ?? []
  askers.push(channel)
  link.paging.set(key, askers)
  link.pagingCount++
  core.effects.push({ type: 'page', link: link.id, content: transfer.content, first, count })
  return undefined
}

/** The page is loaded: it goes to who asked, if the channel is the same still. */
export const onPaged = (core: Core, { link: id, content, first, count, page }: Extract<Input, { type: 'paged' }>): void => {
  const link = core.links.get(id)
  const key = `${content} ${first}`
  const askers = link?.paging.get(key)
  const channel = askers?.shift()
  if (link === undefined || channel === undefined) return
  link.pagingCount--
  if (askers?.length === 0) link.paging.delete(key)
  const { ours } = channel
  if (ours === undefined || channel.admission !== 'admitted') return
  if (page === undefined) send(core, link, { type: 'no-hashes', number: ours, layer: 0, first, count })
  else send(core, link, { type: 'hashes', number: ours, layer: 0, first, hashes: page.hashes, proof: page.proof })
}
