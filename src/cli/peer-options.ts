/** The options of `shoal peer`, and of every command that starts a peer for itself. What they mean is in open-peer.ts. */
import { passwordFileOption, userOption } from './credentials.ts'
import type { Option } from './grammar.ts'

export const peerOptions: readonly Option[] = [
  { name: '--announce', value: 'HOST:PORT', many: true, summary: 'what others should dial, when it is not what we listen on; may be repeated' },
  { name: '--relay', value: 'ADDRESS', many: true, summary: 'a relay to be reached through, beside those that the tracker tells of; may be repeated' },
  { name: '--transport', value: 'NAME,…', many: true, summary: 'what carries the pieces, in order of preference (default tcp,quic,webrtc); udp: those over UDP; auto: what is measured to be best' },
  { name: '--selector', value: 'NAME', summary: 'which piece next: rarest-first (default), sequential, random, or ./mine.js' },
  { name: '--integrity', value: 'NAME,…', many: true, summary: 'an integrity scheme before blake3, sha256 and sha1; the first is used for what is shared' },
  { name: '--storage', value: 'NAME', summary: 'where pieces are kept (default file)' },
  { name: '--state', value: 'NAME', summary: 'where the peer keeps its keys and records (default sqlite)' },
  { name: '--admission', value: 'NAME', summary: 'what happens to requests for your groups (default owner: you are asked)' },
  { name: '--config', value: 'FILE', summary: 'a configuration in place of config.json in SHOAL_HOME or ~/.config/shoal' },
  { name: '--up-limit', value: 'RATE', summary: 'most bytes sent per second: 1000000, 1MB, 512KiB; 0: no limit' },
  { name: '--down-limit', value: 'RATE', summary: 'most bytes received per second' },
  { name: '--debug', summary: 'tells on standard error what goes on inside' }
]

/** What `shoal peer` has beside them: who logs in, and how its shell behaves. */
export const shellOptions: readonly Option[] = [
  { ...userOption, summary: 'logs in at the start' },
  { ...passwordFileOption, summary: 'with --user: reads the password from a file; else SHOAL_PASSWORD, else it is asked for' },
  { name: '--wait', summary: 'at the end of input, first waits until no download runs' },
  { name: '--stay', summary: 'goes on after the end of input, until SIGTERM or Ctrl-C' },
  { name: '--strict', summary: 'ends at the first error, with its exit status' },
  { name: '--json', summary: 'one JSON document per command, in place of result and answer' }
]
