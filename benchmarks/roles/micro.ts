/** The small things, each measured by itself in a process of its own: what a choice costs, a `have`, a frame, a piece that is verified, a file that is sealed. */
import { createHash, randomFillSync } from 'node:crypto'
import { loadPlugin } from 'shoal'
import type { Integrity, Manifest, Selector } from 'shoal'
import { createCodec } from 'shoal/wire'
import type { Message } from 'shoal/sim'
import type { RoleOptions, Stage } from '../role.ts'
import { createCrowd } from './crowd.ts'
import { numberOf, textOf } from './options.ts'

type Values = Readonly<Record<string, number>>

const quiet = { log () { /* nothing to tell */ } }

/** Milliseconds of a piece of work. */
const timed = <T>(work: () => T): { readonly ms: number, readonly result: T } => {
  const from = performance.now()
  const result = work()
  return { ms: performance.now() - from, result }
}

/** What a choice costs: all the time in the selector, whose view is the session's own, over the pieces that were fetched; what was named in vain counts, too. */
const choice = async (options: RoleOptions): Promise<Values> => {
  const inner = await (await loadPlugin('selector', textOf(options, 'selector'))).create(quiet)
  let ms = 0
  const selector: Selector = {
    select (view, count) {
      const from = performance.now()
      const found: number[] = []
      for (const piece of inner.select(view, count)) {
        found.push(piece)
        if (found.length >= count) break
      }
      ms += performance.now() - from
      return found
    }
  }
  const [pieces, peers, steps] = [numberOf(options, 'pieces'), numberOf(options, 'peers'), numberOf(options, 'steps')]
  const { ms: setUpMs, result: crowd } = timed(() => createCrowd({ pieces, peers, selector }))
  crowd.fetch(Math.floor(steps / 4)) // warm
  ms = 0
  const { ms: allMs } = timed(() => { crowd.fetch(steps) })
  const choiceMs = ms / steps
  const haves = Array.from({ length: steps }, () => Math.floor(Math.random() * pieces))
  const { ms: haveMs } = timed(() => { for (const [i, piece] of haves.entries()) crowd.hear(i % peers, [piece]) })
  return { 'us-choice': choiceMs * 1000, 'us-have': haveMs / steps * 1000, 'us-piece': allMs / steps * 1000, 'ms-peer': setUpMs / peers }
}

const frames = (options: RoleOptions): Values => {
  const [bytes, count] = [numberOf(options, 'bytes'), numberOf(options, 'count')]
  const reused = new Uint8Array(bytes)
  const [near, far] = [createCodec({ allocate: length => reused.subarray(0, length) }), createCodec()]
  const pass = (from: typeof near, to: typeof near, message: Message): void => {
    for (const part of from.encode(message)) for (const got of to.decode(part)) if (got.type !== message.type) throw new Error(`A ${message.type} came as ${got.type}.`)
  }
  const both = (message: Message): void => { pass(near, far, message); pass(far, near, message) }
  both({ type: 'hello', features: 0, agent: 'bench' })
  both({ type: 'open', number: 0, group: 'a'.repeat(64) as never, content: 'c'.repeat(64) as never, credential: new Uint8Array(300) })
  pass(far, near, { type: 'pieces', number: 0, have: 'all' })
  pass(near, far, { type: 'pieces', number: 0, have: new Uint8Array(0) })
  pass(near, far, { type: 'want', number: 0, wanted: true })
  pass(far, near, { type: 'choke', number: 0, choked: false })
  const data = randomFillSync(new Uint8Array(bytes))
  const blocks = (from: number): void => {
    for (let piece = from; piece < from + count; piece++) {
      pass(near, far, { type: 'request', number: 0, piece, offset: 0, length: bytes })
      pass(far, near, { type: 'block', number: 0, piece, offset: 0, data })
    }
  }
  const haves = (from: number): void => { for (let piece = from; piece < from + count; piece++) pass(near, far, { type: 'have', number: 0, pieces: [piece] }) }
  blocks(0)
  haves(0)
  const { ms } = timed(() => { blocks(count) })
  return { 'us-block': ms / count * 1000, 'us-have-frame': timed(() => { haves(count) }).ms / count * 1000 }
}

/** Sealing from memory, and verifying pieces of 512 KiB; beside the hash of the same bytes by node:crypto on one thread, where it has that hash. */
const integrity = async (options: RoleOptions): Promise<Values> => {
  const scheme = textOf(options, 'scheme')
  const plugin: Integrity = await (await loadPlugin('integrity', scheme)).create(quiet)
  const pieceLength = 512 * 1024
  const bytes = numberOf(options, 'bytes')
  const buffer = randomFillSync(new Uint8Array(bytes))
  const part = (at: number): Uint8Array => buffer.subarray(at, at + pieceLength)
  const layout = { length: bytes, pieceLength }
  const rate = (ms: number): number => bytes / 1e3 / ms
  const seal = async () => {
    const sealer = plugin.sealer(layout)
    for (let at = 0; at < bytes; at += pieceLength) await sealer.push(part(at))
    return sealer.finish()
  }
  await seal() // warm
  const began = performance.now()
  const { root, hashes } = await seal()
  const sealed = performance.now()
  const manifest: Manifest = { format: 1, scheme: plugin.scheme, coding: 'none', root, ...layout }
  const verify = async (piece: number): Promise<void> => {
    const ok = await plugin.verify(manifest, piece, hashes.subarray(piece * plugin.hashBytes, (piece + 1) * plugin.hashBytes), [part(piece * pieceLength)])
    if (!ok) throw new Error(`Piece ${piece} does not verify.`)
  }
  const pieces = bytes / pieceLength
  const atOnce = 8
  for (let first = 0; first < pieces; first += atOnce) await Promise.all(Array.from({ length: Math.min(atOnce, pieces - first) }, (_, i) => verify(first + i)))
  const verified = performance.now()
  await plugin.stop?.()
  const plain = scheme === 'sha256' || scheme === 'sha1' ? timed(() => createHash(scheme).update(buffer).digest()).ms : undefined
  return { 'rate-seal': rate(sealed - began), 'rate-verify': rate(verified - sealed), ...plain === undefined ? {} : { 'rate-hash': rate(plain) } }
}

const measures: Readonly<Record<string, (options: RoleOptions) => Values | Promise<Values>>> = { choice, frames, integrity }

/** Options: measure, and those of that one. Answers once, with its values. */
export const play = async (options: RoleOptions, { say }: Stage): Promise<void> => {
  const measure = measures[textOf(options, 'measure')]
  if (measure === undefined) throw new Error(`There is no measure "${textOf(options, 'measure')}".`)
  say(await measure(options))
}
