/** Shoal as a library: embed a peer, choose its plugins, watch what happens. */
export * from './contract/index.ts'
export { createShoal } from './shoal.ts'
export type { PeerMemory, ShoalOptions } from './shoal.ts'
export { createTrackerService } from './tracker/service.ts'
export { loadPlugin, listPlugins } from './loader.ts'
export { preset } from './preset.ts'
export { version } from './version.ts'
