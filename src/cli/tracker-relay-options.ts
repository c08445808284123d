/** The options of `shoal tracker` about relays. What they mean is in tracker-relay.ts, which is loaded when it runs. */
import type { Option } from './grammar.ts'

export const trackerRelayOptions: readonly Option[] = [
  { name: '--relay', summary: 'runs a relay beside it, for members who cannot reach each other, and tells them of it' },
  { name: '--relay-listen', value: 'HOST:PORT', summary: 'runs it there (default 0.0.0.0:7500)' },
  { name: '--relay-announce', value: 'HOST:PORT', summary: 'what members should dial, when it is not what the relay listens on' },
  { name: '--advertise-relay', value: 'ADDRESS', many: true, summary: 'tells members of a relay that runs elsewhere, by an address that it printed; may be repeated' }
]
