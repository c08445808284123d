export * from './addresses.ts'
export * from './network.ts'
