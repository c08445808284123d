/** Swarms in virtual time: the scenarios of the selectors part, each with one seed per process. */
import { simulate } from 'shoal/sim'
import type { NodeOptions, SimulationResult } from 'shoal/sim'
import { choosePieceLength, loadPlugin } from 'shoal'
import type { Selector } from 'shoal'
import { leastSeconds, optimalRounds } from '../bounds.ts'
import type { RoleOptions, Stage } from '../role.ts'
import { numberOf, textOf } from './options.ts'

type Values = Readonly<Record<string, number>>

interface Scene { readonly selector: Selector, readonly seed: number, readonly options: RoleOptions }

/** Of a block on the wire: frame, kind, and where it belongs. */
const headerBytes = 17
/** The smallest that there is: a piece of it is one block, and one request. */
const leafBytes = 16 * 1024

const copiesSent = ({ nodes }: SimulationResult, bytes: number): number => (nodes[0]?.sentBytes ?? 0) / bytes

const finished = ({ nodes }: SimulationResult): readonly number[] => nodes.slice(1).map(({ tookMs, name }) => {
  if (tookMs === undefined) throw new Error(`${name} did not finish.`)
  return tookMs
})

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * In step by itself: everything begins at 0, only blocks take time, a block takes a round. Who uploads chooses one peer for each block, and that one chooses the piece then,
 * knowing all that it has asked of others.
 */
const rounds = ({ selector, seed, options }: Scene): Values => {
  const [peers, pieces] = [numberOf(options, 'peers'), numberOf(options, 'pieces')]
  const roundMs = 100
  const pieceLength = leafBytes
  const upBytesPerSecond = (pieceLength + headerBytes) * 1000 / roundMs
  const node: NodeOptions = { upBytesPerSecond }
  const result = simulate({
    nodes: [{ ...node, seed: true }, ...Array.from({ length: peers - 1 }, () => node)], content: { length: pieces * pieceLength, pieceLength }, selector, seed,
    latencyMs: 0, talkTakesTime: false, announceMs: Infinity, namedPeers: numberOf(options, 'degree') / 2, session: { uploadSlots: 1, turnBytes: pieceLength, maxOwedBytes: pieceLength }
  })
  const took = finished(result).map(ms => ms / roundMs)
  const last = Math.max(...took)
  return { rounds: last, 'over-optimum': last / optimalRounds(peers, pieces), 'mean-rounds': mean(took), copies: copiesSent(result, pieces * pieceLength) }
}

/** Bharambe et al., "Analyzing and Improving a BitTorrent Network's Performance Mechanisms" (2006): kbit/s down and up, and how many have that. */
const classes = [[784, 128, 0.2], [1500, 384, 0.4], [3000, 1000, 0.25], [10_000, 5000, 0.15]] as const

const lineOf = (share: number): readonly [number, number] => {
  let sum = 0
  for (const [down, up, part] of classes) {
    sum += part
    if (share < sum) return [down * 125, up * 125]
  }
  return [1_250_000, 625_000]
}

/** Everybody comes within 10 s, and leaves when done. */
const mixed = ({ selector, seed, options }: Scene): Values => {
  const [leechers, pieces, sharerKbit] = [numberOf(options, 'peers'), numberOf(options, 'pieces'), numberOf(options, 'sharerKbit')]
  const pieceLength = 256 * 1024
  const file = pieces * pieceLength
  const sharerUp = sharerKbit * 125
  const lines = Array.from({ length: leechers }, (_, i) => lineOf(i / leechers))
  const result = simulate({
    nodes: [
      { seed: true, upBytesPerSecond: sharerUp },
      ...lines.map(([down, up], i): NodeOptions => ({ upBytesPerSecond: up, downBytesPerSecond: down, joinMs: i * 7919 % leechers * 10_000 / leechers, leaveAfterMs: 0 }))
    ],
    content: { length: file, pieceLength }, selector, seed, latencyMs: 50, session: { maxLinks: numberOf(options, 'degree') }
  })
  const took = finished(result)
  const others = result.nodes.slice(1)
  const could = others.reduce((sum, { joinMs, leftMs }, i) => sum + (lines[i]?.[1] ?? 0) * ((leftMs ?? result.endMs) - joinMs) / 1000, 0)
  const sent = others.reduce((sum, { sentBytes }) => sum + sentBytes, 0)
  return {
    'mean-seconds': mean(took) / 1000, 'last-seconds': Math.max(...took) / 1000, 'up-use': sent / could, copies: copiesSent(result, file),
    'over-bound': Math.max(...took) / 1000 / leastSeconds({ file, sharerUp, ups: lines.map(([, up]) => up), downs: lines.map(([down]) => down) })
  }
}

/** Many, who come and go: of ten, nine come over time, and two of them leave in the middle and come back as somebody else. */
const churning = ({ selector, seed, options }: Scene): Values => {
  const [peers, pieces] = [numberOf(options, 'peers'), numberOf(options, 'pieces')]
  const pieceLength = leafBytes
  const upBytesPerSecond = 10 * pieceLength
  const node = (i: number): NodeOptions => {
    const joinMs = i % 10 === 0 ? 0 : i * 7919 % 60_000
    return { upBytesPerSecond, joinMs, ...i % 10 < 2 ? { leaveMs: joinMs + 30_000 } : {} }
  }
  const result = simulate({
    nodes: [{ upBytesPerSecond: 10 * upBytesPerSecond, seed: true }, ...Array.from({ length: peers - 1 }, (_, i) => node(i))],
    content: { length: pieces * pieceLength, pieceLength }, selector, seed, latencyMs: 20,
    namedPeers: numberOf(options, 'degree') / 2, session: { maxLinks: 2 * numberOf(options, 'degree'), maxOwedBytes: pieceLength }
  })
  const took = result.nodes.flatMap(({ tookMs }) => tookMs ?? [])
  return { 'mean-seconds': mean(took) / 1000, 'last-seconds': Math.max(...took) / 1000, copies: copiesSent(result, pieces * pieceLength), complete: took.length }
}

/** The part of a shaped line that is left for blocks: 1448 bytes of 1514 are TCP's payload, and TLS and yamux take little of it. */
const payloadShare = 0.95

/** The swarm of the swarm part, whose hosts are all alike. */
const equal = ({ selector, seed, options }: Scene): Values => {
  const [downloaders, bytes] = [numberOf(options, 'downloaders'), numberOf(options, 'bytes')]
  const upBytesPerSecond = numberOf(options, 'byteRate') * payloadShare
  const result = simulate({
    nodes: [{ upBytesPerSecond, seed: true }, ...Array.from({ length: downloaders }, () => ({ upBytesPerSecond }))], content: { length: bytes, pieceLength: choosePieceLength(bytes) }, selector, seed, latencyMs: 0.1
  })
  const took = finished(result)
  return { seconds: Math.max(...took) / 1000, 'mean-seconds': mean(took) / 1000, copies: copiesSent(result, bytes) }
}

const scenes: Readonly<Record<string, (scene: Scene) => Values>> = { rounds, mixed, churning, equal }

/** Options: scene, selector, seed, and those of the scene. Answers once, with its values. */
export const play = async (options: RoleOptions, { say }: Stage): Promise<void> => {
  const run = scenes[textOf(options, 'scene')]
  if (run === undefined) throw new Error(`There is no scene "${textOf(options, 'scene')}".`)
  const selector = await (await loadPlugin('selector', textOf(options, 'selector'))).create({ log () { /* nothing to tell */ } })
  const from = performance.now()
  const values = run({ selector, seed: numberOf(options, 'seed'), options })
  say({ ...values, 'run-seconds': (performance.now() - from) / 1000 })
}
