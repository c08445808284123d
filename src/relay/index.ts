export { createRelay, createRelayService, newRelayKey } from './relay.ts'
export type { Relay, RelayOptions, RelayService } from './relay.ts'
