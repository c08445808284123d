/** Swarms in virtual time, with the same session as a real peer. Published as shoal/sim. */
export { simulate } from './simulate.ts'
export type { NodeOptions, NodeResult, Scenario, SimulationEvent, SimulationResult } from './scenario.ts'
