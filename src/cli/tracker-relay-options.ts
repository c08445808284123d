/** The options of `shoal tracker` about relays. What they mean is in tracker-relay.ts, which is loaded when it runs. */
import type { Option } from './grammar.ts'

export const trackerRelayOptions: readonly Option[] = [
  { name: '--relay', summary: 'is a relay, too, over libp2p: hands on what members exchange who cannot reach each other, and tells them of it' },
  { name: '--advertise-relay', value: 'ADDRESS', many: true, summary: 'tells members of a relay that runs elsewhere, by an address that it printed; may be repeated' }
]
