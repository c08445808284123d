/**
 * What every transport must do, seen through the network made of it: the same cases for tcp, quic, webrtc and memory. Owns the list; the cases about one link
 * are in transport-links.ts, those about dialing and stopping in transport-networks.ts.
 */
import type { SuiteCase } from './suite.ts'
import { linkCases } from './transport-links.ts'
import { networkCases } from './transport-networks.ts'
import type { Doomed, TransportFact } from './transport-networks.ts'
import type { TransportRig } from './transport-rig.ts'

export * from './transport-rig.ts'
export type { Doomed } from './transport-networks.ts'

export interface TransportLimits {
  /** Why the transport cannot be held to a fact, in words: its cases are skipped with it. */
  readonly cannot?: Readonly<Partial<Record<TransportFact, string>>>
  /** Starts a peer in a process of its own, to be killed. @default none: the case is skipped */
  readonly doomed?: () => Promise<Doomed>
}

export const transportSuite = ({ cannot = {}, doomed }: TransportLimits = {}): readonly SuiteCase<TransportRig>[] => [...linkCases, ...networkCases(cannot, doomed)]
