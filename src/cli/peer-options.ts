/** The options of `shoal peer`, and of every command that starts a peer for itself. What they mean is in open-peer.ts. */
import type { Option } from './grammar.ts'

export const peerOptions: readonly Option[] = [
  { name: '--announce', value: 'HOST:PORT', summary: 'what others should dial, when it is not what we listen on; may be repeated' },
  { name: '--transport', value: 'NAME,…', summary: 'what carries the pieces, in order of preference (default tcp)' },
  { name: '--selector', value: 'NAME', summary: 'which piece next: rarest-first (default), sequential, random, or ./mine.js' },
  { name: '--integrity', value: 'NAME,…', summary: 'one more integrity scheme, beside sha256 and sha1' },
  { name: '--storage', value: 'NAME', summary: 'where pieces are kept (default file)' },
  { name: '--up-limit', value: 'RATE', summary: 'most bytes sent per second: 1000000, 1MB, 512KiB; 0: no limit' },
  { name: '--down-limit', value: 'RATE', summary: 'most bytes received per second' },
  { name: '--debug', summary: 'tells on standard error what goes on inside' }
]
