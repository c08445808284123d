/** What can be simulated, and what comes out: the words of the simulator's users. */
import type { PeerId, Selector } from '../contract/index.ts'
import type { SessionEvent, SessionOptions } from '../core/io.ts'
import type { Message } from '../core/message.ts'

export interface Scenario {
  readonly nodes: readonly NodeOptions[]
  readonly content: { readonly length: number, readonly pieceLength: number }
  readonly selector: Selector
  /** 32 bits. The same scenario with the same seed gives the same result. */
  readonly seed: number
  /** One way, in milliseconds; a function is called once for each pair of nodes that dial. @default 20 */
  readonly latencyMs?: number | ((a: string, b: string) => number)
  /** Whether what is not block data takes time on a line. Models that count pieces alone leave it out. @default true */
  readonly talkTakesTime?: boolean
  /** Ends the run, whoever has not finished. Virtual time. @default 24 hours */
  readonly untilMs?: number
  /** How often a node that is not complete asks who is there. @default 30 s */
  readonly announceMs?: number
  /** How many others it is told of then, at most: with `announceMs: Infinity`, half of the links that a node has on average. @default 50 */
  readonly namedPeers?: number
  /** Passed to every session. */
  readonly session?: Omit<SessionOptions, 'peer' | 'seed' | 'selector' | 'limits'>
  /**
   * Makes what every end of a link puts its messages through, to bytes and back, so that a run also holds the sessions to the rules of the wire.
   * @default none: messages stay values, and block data takes no memory
   */
  readonly codec?: () => Codec
  /** Sees what every session tells, as it happens. For more than `events` holds. */
  readonly observe?: (atMs: number, node: string, event: SessionEvent) => void
}

/** As src/wire has it. */
export interface Codec {
  encode (message: Message): readonly Uint8Array[]
  decode (chunk: Uint8Array): Iterable<Message>
}

export interface NodeOptions {
  /** Distinct. @default `node-` and its index */
  readonly name?: string
  /** @default no limit */
  readonly upBytesPerSecond?: number
  /** @default no limit */
  readonly downBytesPerSecond?: number
  /** How fast pieces are stored, one after another. @default at once */
  readonly storeBytesPerSecond?: number
  /** Has everything from the start. @default false */
  readonly seed?: boolean
  /** @default 0 */
  readonly joinMs?: number
  /** Goes away then, complete or not. @default never */
  readonly leaveMs?: number
  /** Goes away so long after it completed. @default never */
  readonly leaveAfterMs?: number
  /** Serves bytes that do not verify. @default false */
  readonly poisons?: boolean
}

export interface NodeResult {
  readonly name: string
  readonly joinMs: number
  /** When it had everything; undefined: it did not, or had it from the start. */
  readonly completeMs: number | undefined
  /** From joining to having everything. */
  readonly tookMs: number | undefined
  readonly leftMs: number | undefined
  readonly fetchedBytes: number
  readonly wastedBytes: number
  readonly sentBytes: number
  /** Verified bytes by the name of the node that sent them. */
  readonly bytesByPeer: Readonly<Record<string, number>>
}

export interface SimulationEvent { readonly atMs: number, readonly node: string, readonly type: 'joined' | 'complete' | 'left' | 'blamed' | 'failed', readonly peer?: string }

export interface SimulationResult {
  /** In the order of the scenario. */
  readonly nodes: readonly NodeResult[]
  readonly events: readonly SimulationEvent[]
  /** When the last node that was to complete did, or the run was ended. */
  readonly endMs: number
}

/** A scenario's node, with its defaults. Its name is its peer id. */
export interface NodeFacts {
  readonly name: PeerId
  readonly up: number
  readonly down: number
  readonly store: number
  readonly seed: boolean
  readonly joinMs: number
  readonly leaveMs: number | undefined
  readonly leaveAfterMs: number | undefined
  readonly poisons: boolean
}

export const nodeFacts = (
  { name, upBytesPerSecond = Infinity, downBytesPerSecond = Infinity, storeBytesPerSecond = Infinity, seed = false, joinMs = 0, leaveMs, leaveAfterMs, poisons = false }: NodeOptions,
  index: number
): NodeFacts => ({
  name: (name ?? `node-${String(index).padStart(5, '0')}`) as PeerId, up: upBytesPerSecond, down: downBytesPerSecond, store: storeBytesPerSecond,
  seed, joinMs, leaveMs, leaveAfterMs, poisons
})
