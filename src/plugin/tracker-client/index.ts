/** What clients of a tracker elsewhere have in common, whatever carries them. */
export * from './client.ts'
export * from './options.ts'
export * from './realm-check.ts'
export * from './remote-tracker.ts'
