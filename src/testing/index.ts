/** One contract suite per plugin kind, and faults that wrap any port. Published as shoal/testing; needs vitest. */
export * from './suite.ts'
export * from './state.ts'
export * from './contents.ts'
export * from './integrity.ts'
export * from './selector.ts'
export * from './transport.ts'
export * from './tracker.ts'
export * from './storage.ts'
