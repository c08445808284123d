/**
 * What others ask of us: queued per link, loaded in turns over the links, sent. Owns the requests and the account of bytes loaded or unsent; who may ask at
 * all is decided in slots.ts. Every request gets exactly one answer: a block, a reject, or the choke or end of its channel.
 */
import { leafBytes, pieceBytes } from '../contract/index.ts'
import { rangeKey } from './asking.ts'
import type { Channel, Core, Link, UpRequest } from './core.ts'
import type { Input } from './io.ts'
import type { BlockRange } from './message.ts'
import { send } from './send.ts'
import { largestRequestBytes } from './settings.ts'
import { give } from './spreading.ts'

/** Requests that may wait on a link. A session asks for at most 8 MiB at a time. */
const maxRequests = 1_000
const maxRequestedBytes = 64 * 1024 * 1024
/** What a link may be given in its turn; it saves up for a larger request. */
const turnBytes = 2 * leafBytes
/** A port that does not report its queue within this after a send has sent everything. */
const reportMs = 1
/** Who takes nothing of what waits for it for so long does not read. */
export const unreadMs = 120_000
/** What may wait beside blocks, which are bounded before they are loaded. */
const maxUnsentTalk = 8 * 1024 * 1024

const loadKey = (content: string, { piece, offset, length }: BlockRange): string => `${content} ${piece} ${offset} ${length}`

const outOfRange = ({ transfer }: Channel, { piece, offset, length }: BlockRange): boolean => {
  if (piece >= transfer.pieces) return true
  const end = pieceBytes(transfer.manifest, piece)
  return length === 0 || length > largestRequestBytes || offset % leafBytes !== 0 || offset + length > end || (length % leafBytes !== 0 && offset + length !== end)
}

/** @returns what is wrong with it */
export const onRequest = (core: Core, channel: Channel, { piece, offset, length }: BlockRange): string | undefined => {
  const { link, transfer, ours } = channel
  if (outOfRange(channel, { piece, offset, length })) return `it asks for ${length} bytes at ${offset} of piece ${piece}`
  // it was on its way while we choked: the choke was its answer
  if (channel.isChoking || ours === undefined) return undefined
  if (!transfer.have.has(piece) || !give(core, channel, piece)) {
    send(core, link, { type: 'reject', number: ours, piece, offset, length })
    return undefined
  }
  if (link.requests.size >= maxRequests || link.requestedBytes + length > maxRequestedBytes) return 'it asks for more than it can be given'
  const request: UpRequest = { channel, piece, offset, length, state: 'queued' }
  const key = rangeKey(request)
  const same = channel.requested.get(key)
  if (same === undefined) channel.requested.set(key, [request]); else same.push(request)
  link.requests.add(request)
  link.requestedBytes += length
  enqueue(core, link)
  return undefined
}

export const onCancel = (core: Core, channel: Channel, range: BlockRange): void => {
  const request = channel.requested.get(rangeKey(range))?.find(({ length, state }) => length === range.length && state !== 'cancelled')
  if (request === undefined) return
  if (request.state === 'loading') request.state = 'cancelled'
  else reject(core, request)
}

const forget = (request: UpRequest): void => {
  const { channel, length } = request
  const key = rangeKey(request)
  const same = channel.requested.get(key) ?? []
  same.splice(same.indexOf(request), 1)
  if (same.length === 0) channel.requested.delete(key)
  if (channel.link.requests.delete(request)) channel.link.requestedBytes -= length
}

const reject = (core: Core, request: UpRequest): void => {
  const { channel, piece, offset, length } = request
  forget(request)
  if (channel.ours !== undefined) send(core, channel.link, { type: 'reject', number: channel.ours, piece, offset, length })
}

/** All requests of the channel are answered by its choke or its end. What is being loaded is thrown away when it comes. */
export const dropRequests = (core: Core, channel: Channel): void => {
  const { link } = channel
  for (const same of channel.requested.values()) {
    for (const request of same) {
      request.state = 'answered'
      if (link.requests.delete(request)) link.requestedBytes -= request.length
    }
  }
  channel.requested.clear()
  enqueue(core, link)
}

const enqueue = (core: Core, link: Link): void => {
  if (link.isUploading || link.isEnding || link.requests.size === 0) return
  link.isUploading = true
  core.uploading.push(link)
}

const wakeBlocked = (core: Core): void => {
  for (const link of core.blockedUploads) enqueue(core, link)
  core.blockedUploads.clear()
}

/** The up limit lets something through. */
export const onUpTime = (core: Core): void => { wakeBlocked(core) }

/** One load for the link whose turn it is. @returns whether there was one in turn */
export const stepUpload = (core: Core): boolean => {
  const link = core.uploading.shift()
  if (link === undefined) return false
  link.isUploading = false
  const [request] = link.requests
  if (request === undefined || link.isEnding) return true
  const { channel: { transfer: { content } }, piece, offset, length } = request
  const { upBudgetBytes, linkUnsentBytes } = core.settings
  const linkBytes = link.loadingBytes + link.unsentBytes
  if (linkBytes > 0 && linkBytes + length > linkUnsentBytes) return true // woken by `room` and `loaded`
  // turns are of bytes, not of requests: who asks for little at a time gets as much as who asks for much
  if (core.uploading.size > 0 && link.uploadCredit < length) {
    link.uploadCredit += turnBytes
    enqueue(core, link)
    return true
  }
  const at = core.upLimit.readyAt(core.now)
  if (at > core.now || (core.upBytes > 0 && core.upBytes + length > upBudgetBytes)) {
    core.blockedUploads.add(link)
    if (at > core.now && at < Infinity) core.upTimer.set(at)
    return true
  }
  link.requests.delete(request)
  link.requestedBytes -= length
  link.uploadCredit = link.requests.size === 0 ? 0 : Math.max(0, link.uploadCredit - length)
  request.state = 'loading'
  const key = loadKey(content, request)
  const same = link.loading.get(key)
  if (same === undefined) link.loading.set(key, [request]); else same.push(request)
  link.loadingBytes += length
  core.upBytes += length
  core.upLimit.take(length, core.now)
  core.effects.push({ type: 'load', link: link.id, content, piece, offset, length })
  enqueue(core, link)
  return true
}

export const onLoaded = (core: Core, { link: id, content, piece, offset, length, data }: Extract<Input, { type: 'loaded' }>): void => {
  const link = core.links.get(id)
  const key = loadKey(content, { piece, offset, length })
  const same = link?.loading.get(key)
  const request = same?.shift()
  if (link === undefined || request === undefined) return
  if (same?.length === 0) link.loading.delete(key)
  link.loadingBytes -= length
  core.upBytes -= length
  const { channel, state } = request
  if (state === 'answered' || data?.byteLength !== length || state === 'cancelled') core.upLimit.giveBack(length)
  if (state === 'loading' && data?.byteLength === length && channel.ours !== undefined) {
    forget(request)
    channel.transfer.sentBytes += length
    channel.givenBytes += length
    send(core, link, { type: 'block', number: channel.ours, piece, offset, data })
    setUnsent(core, link, link.unsentBytes + length)
    link.roomTimer.set(core.now + reportMs)
    if (link.readTimer.at === undefined) link.readTimer.set(core.now + unreadMs)
  } else if (state !== 'answered') {
    reject(core, request)
  }
  enqueue(core, link)
  wakeBlocked(core)
}

const setUnsent = (core: Core, link: Link, bytes: number): void => {
  core.upBytes += bytes - link.unsentBytes
  link.unsentBytes = bytes
}

/** How much of what was sent still waits. @returns whether it is too much: the peer does not read */
export const onRoom = (core: Core, link: Link, unsentBytes: number): boolean => {
  link.roomTimer.clear()
  if (unsentBytes === 0) link.readTimer.clear()
  else if (unsentBytes < link.unsentBytes || link.readTimer.at === undefined) link.readTimer.set(core.now + unreadMs)
  link.reportedBytes = unsentBytes
  setUnsent(core, link, unsentBytes)
  enqueue(core, link)
  wakeBlocked(core)
  return unsentBytes > core.settings.linkUnsentBytes + largestRequestBytes + maxUnsentTalk
}

/** Nothing was reported after a send. */
export const onUnreported = (core: Core, link: Link): void => {
  if (link.reportedBytes === 0) link.readTimer.clear()
  setUnsent(core, link, link.reportedBytes)
  enqueue(core, link)
  wakeBlocked(core)
}

/** The link is gone: nothing is owed on it any more. */
export const forgetUploads = (core: Core, link: Link): void => {
  core.upBytes -= link.loadingBytes + link.unsentBytes
  link.loadingBytes = 0
  link.unsentBytes = 0
  link.loading.clear()
  link.requests.clear()
  core.blockedUploads.delete(link)
  wakeBlocked(core)
}
