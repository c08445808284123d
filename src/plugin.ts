/** The face that plugins import: the contract, and what several plugins need alike. Nothing else of Shoal. */
export * from './contract/index.ts'
export * from './plugin/bounded-yamux.ts'
export * from './plugin/hash-pool.ts'
export * from './plugin/merkle.ts'
export * from './plugin/options.ts'
export * from './plugin/piece-layer.ts'
export * from './plugin/piece-sealer.ts'
export * from './plugin/tracker-api.ts'
