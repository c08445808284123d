/** The options of `shoal tracker` about relays and STUN. What they mean is in tracker-relay.ts, which is loaded when it runs. */
import type { Option } from './grammar.ts'

export const stunOptions: readonly Option[] = [
  { name: '--stun', summary: 'runs a STUN server beside it (coturn), on UDP port 3478' },
  { name: '--stun-listen', value: 'HOST:PORT', summary: 'runs it there' },
  { name: '--stun-program', value: 'PROGRAM', summary: 'coturn\'s turnserver, when it is not on the PATH' }
]

export const trackerRelayOptions: readonly Option[] = [
  { name: '--relay', summary: 'is a relay, too, over libp2p: hands on what members exchange who cannot reach each other, and tells them of it' },
  { name: '--advertise-relay', value: 'ADDRESS', many: true, summary: 'tells members of a relay that runs elsewhere, by an address that it printed; may be repeated' },
  ...stunOptions,
  { name: '--advertise-stun', value: 'HOST:PORT', many: true, summary: 'tells members of a STUN server that runs elsewhere, or by its address outside; may be repeated' }
]
