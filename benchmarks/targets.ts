/** The figures to reach, as data. A target reads the rows of a report by their ids; one whose rows were not measured says so, and neither passes nor fails. */

export interface Figure { readonly row: string, readonly metric: string, readonly take: 'median' | 'min' | 'max' }

export interface Target {
  readonly part: string
  readonly what: string
  readonly of: Figure
  /** What `of` is divided by. */
  readonly over?: Figure
  readonly limit: number
  readonly sense: 'at most' | 'at least'
  readonly unit?: string
}

const median = (row: string, metric: string): Figure => ({ row, metric, take: 'median' })
const most = (row: string, metric: string): Figure => ({ row, metric, take: 'max' })

const micro = (what: string, row: string, metric: string, limit: number, sense: Target['sense'], unit = ''): Target => ({ part: 'micro', what, of: median(row, metric), limit, sense, unit })

const memory = (row: string): readonly Target[] => ['sharer', 'downloader'].map(side => ({
  part: 'throughput', what: `peak memory of the ${side}, ${row.replace('/shoal', '')}`, of: most(row, `peak-${side}`), limit: 200, sense: 'at most', unit: 'MB'
}))

export const targets: readonly Target[] = [
  ...['256MiB', '1GiB'].map((size): Target => ({
    part: 'throughput', what: `tcp, ${size}: whole path over bare node:tls`, of: median(`tcp/${size}/shoal`, 'rate'), over: median(`tcp/${size}/tls`, 'rate'), limit: 0.45, sense: 'at least'
  })),
  { part: 'throughput', what: 'quic, 1GiB', of: median('quic/1GiB/shoal', 'rate'), limit: 300, sense: 'at least', unit: 'MB/s' },
  { part: 'throughput', what: 'quic, 1GiB: over a bare stream', of: median('quic/1GiB/shoal', 'rate'), over: median('quic/1GiB/stream', 'rate'), limit: 0.85, sense: 'at least' },
  { part: 'throughput', what: 'webrtc, 256MiB: over a bare stream', of: median('webrtc/256MiB/shoal', 'rate'), over: median('webrtc/256MiB/stream', 'rate'), limit: 0.85, sense: 'at least' },
  { part: 'throughput', what: 'tcp, 64MiB: from command to finished file', of: median('tcp/64MiB/shoal', 'seconds'), limit: 0.25, sense: 'at most', unit: 's' },
  ...['tcp', 'quic', 'webrtc'].map((transport): Target => ({
    part: 'throughput', what: `${transport}, 100 Mbit/s, 100 ms: the line used by the file after 2 s`, of: median(`${transport}/100mbit-100ms/shoal`, 'line-file'), limit: 0.9, sense: 'at least'
  })),
  ...([['scp', 1], ['syncthing', 0.65], ['aria2', 0.5], ['libtorrent', 0.4], ['webtorrent', 0.4]] as const).map(([tool, limit]): Target => ({
    part: 'neighbours', what: `tcp, 1GiB: seconds over those of ${tool}`, of: median('1GiB/shoal', 'seconds'), over: median(`1GiB/${tool}`, 'seconds'), limit, sense: 'at most'
  })),
  ...['32MiB', '128MiB'].flatMap((size): Target[] => [
    { part: 'swarm', what: `one to eight, ${size}: last one over the bound`, of: median(`${size}/rarest-first`, 'over-bound'), limit: 1.15, sense: 'at most' },
    { part: 'swarm', what: `one to eight, ${size}: copies sent by the sharer`, of: median(`${size}/rarest-first`, 'copies'), limit: 1.1, sense: 'at most' },
    {
      part: 'swarm', what: `one to eight, ${size}: real over simulated`, of: median(`${size}/rarest-first`, 'seconds'), over: median(`${size}/rarest-first/simulated`, 'seconds'),
      limit: 1.15, sense: 'at most'
    },
    {
      part: 'swarm', what: `one to eight, ${size}: simulated over real`, of: median(`${size}/rarest-first/simulated`, 'seconds'), over: median(`${size}/rarest-first`, 'seconds'),
      limit: 1.15, sense: 'at most'
    }
  ]),
  {
    part: 'selectors', what: 'rarest-first over the optimum, 1,000 peers, 1,000 pieces', of: median('rounds/rarest-first/1000x1000', 'over-optimum'), limit: 1.02, sense: 'at most'
  },
  { part: 'selectors', what: '10,000 peers with churn: time to simulate', of: most('large/rarest-first', 'run-seconds'), limit: 600, sense: 'at most', unit: 's' },
  { part: 'selectors', what: '10,000 peers with churn: memory', of: most('large/rarest-first', 'peak'), limit: 4295, sense: 'at most', unit: 'MB' },
  micro('shoal --help', 'start/help', 'ms', 120, 'at most', 'ms'),
  micro('sealing with blake3, over the slower of disk and hash', 'sealing/blake3', 'of-slower', 0.9, 'at least'),
  micro('sealing with sha256, over the slower of disk and hash', 'sealing/sha256', 'of-slower', 0.9, 'at least'),
  micro('sealing with sha1, over the slower of disk and hash', 'sealing/sha1', 'of-slower', 0.9, 'at least'),
  micro('piece choice at 1,000,000 pieces and 1,000 peers', 'choice/rarest-first/1000000x1000', 'us-choice', 5, 'at most', 'µs'),
  {
    part: 'micro', what: 'piece choice at 1,000,000 pieces over that at 10,000', of: median('choice/rarest-first/1000000x1000', 'us-choice'),
    over: median('choice/rarest-first/10000x1000', 'us-choice'), limit: 1.5, sense: 'at most'
  },
  ...['tcp', 'quic', 'webrtc'].flatMap(transport => ['16MiB', '64MiB', '256MiB', '1GiB'].flatMap(size => memory(`${transport}/${size}/shoal`)))
]
