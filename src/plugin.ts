/** The face that plugins import: the contract, and nothing else of Shoal. */
export * from './contract/index.ts'
