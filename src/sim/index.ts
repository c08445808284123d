/** Swarms in virtual time, with the same session as a real peer; and that session itself, for a loop of one's own. Published as shoal/sim. */
export { createSession } from '../core/session.ts'
export type { Effect, Input, Session, SessionEvent, SessionOptions } from '../core/io.ts'
export type { Message } from '../core/message.ts'
export { simulate } from './simulate.ts'
export type { NodeOptions, NodeResult, Scenario, SimulationEvent, SimulationResult } from './scenario.ts'
