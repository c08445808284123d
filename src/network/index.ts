export * from './addresses.ts'
export * from './network.ts'
export type { Place } from './relaying.ts'
