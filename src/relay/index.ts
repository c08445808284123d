export { createRelay, createRelayService } from './relay.ts'
export type { Relay, RelayOptions, RelayService } from './relay.ts'
