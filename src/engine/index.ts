export * from './clock.ts'
export * from './engine.ts'
export type { Recorded } from './loop.ts'
