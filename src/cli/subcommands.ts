/** What is typed after `shoal`: its words and options. What they do is loaded when they run. */
import { benchOptions, benchParts } from './bench-options.ts'
import { peerOptions, shellOptions } from './peer-options.ts'
import { stunOptions, trackerRelayOptions } from './tracker-relay-options.ts'
import type { Subcommand } from './subcommand.ts'

export const subcommands: readonly Subcommand[] = [
  {
    name: 'tracker',
    arguments: [{ name: 'TRACKER_INFO', kind: 'path', optional: true }, { name: 'N', kind: 'text', optional: true }],
    options: [
      { name: '--listen', value: 'HOST[:PORT]', summary: 'where to listen; else HOST of its line if this machine has it, else all interfaces' },
      { name: '--certificate', value: 'FILE', summary: 'a certificate (PEM) in place of the one it makes for itself' },
      { name: '--key', value: 'FILE', summary: 'the key (PEM) of that certificate' },
      { name: '--libp2p', value: 'HOST:PORT', summary: 'where to serve over libp2p, too; none: over HTTPS alone; else the next free port above that of HTTPS, remembered' },
      { name: '--transport', value: 'NAME,…', many: true, summary: 'what it is reached over by libp2p (default tcp,quic,webrtc, those that load)' },
      { name: '--state', value: 'NAME', summary: 'where accounts, groups and catalogs are kept (default sqlite)' },
      ...trackerRelayOptions,
      { name: '--password-file', value: 'FILE', summary: 'of reset-password: the new password; else it is asked for' },
      { name: '--password-stdin', summary: 'of reset-password: the new password from standard input' },
      { name: '--debug', summary: 'shows where an error came from' }
    ],
    summary: 'runs a tracker: accounts, groups, catalogs, who is online; never file bytes',
    details: [
      'shoal tracker reset-password USER sets a new password for a user, while the tracker is stopped.',
      'TRACKER_INFO is a file with one tracker per line, HOST:PORT or HOST:PORT#sha256=HEX64; N is the line to serve (default 1). With none: 127.0.0.1:7400.',
      'An address of libp2p that a tracker printed may be a line of it, too, for peers: it is not counted.',
      'Prints its address once it accepts connections. quit, Ctrl-C and SIGTERM stop it; the end of its input does not.'
    ],
    run: async (args, io, ending) => (await import('./tracker.ts')).runTracker(args, io, ending)
  },
  {
    name: 'relay',
    arguments: [{ name: 'TRACKER_INFO', kind: 'path', optional: true }],
    options: [
      { name: '--listen', value: 'HOST:PORT', summary: 'where to listen (default 0.0.0.0:7500)' },
      { name: '--announce', value: 'HOST:PORT', many: true, summary: 'what peers should dial, when it is not what it listens on; may be repeated' },
      { name: '--transport', value: 'NAME,…', many: true, summary: 'what peers reach it over (default tcp)' },
      { name: '--peers', value: 'N', summary: 'most peers at a time (default 256)' },
      { name: '--circuits', value: 'N', summary: 'most pairs of peers that exchange at a time (default 512)' },
      { name: '--rate', value: 'RATE', summary: 'most bytes per second for a pair, each way; 0: no limit (default)' },
      { name: '--total-rate', value: 'RATE', summary: 'most bytes per second for all; 0: no limit (default)' },
      ...stunOptions,
      { name: '--debug', summary: 'tells on standard error who comes and goes' }
    ],
    summary: 'runs a relay: hands on what members of a group exchange who cannot reach each other',
    details: [
      'TRACKER_INFO is a file, or the address that a tracker printed: members of groups there may use the relay. None: the tracker of last time, else 127.0.0.1:7400.',
      'What passes is encrypted between the two peers. Prints its addresses once it accepts connections; quit, Ctrl-C and SIGTERM stop it.'
    ],
    run: async (args, io, ending) => (await import('./relay.ts')).runRelay(args, io, ending)
  },
  {
    name: 'peer',
    arguments: [{ name: 'HOST:PORT', kind: 'text', optional: true }, { name: 'TRACKER_INFO', kind: 'path', optional: true }],
    options: [...peerOptions, ...shellOptions],
    summary: 'runs a peer and its shell: share, download, groups',
    details: [
      'HOST:PORT is where it listens; none: all interfaces, and a free port that is remembered.',
      'TRACKER_INFO is a file, or the address that a tracker printed; none: the tracker of last time, else 127.0.0.1:7400.',
      'Type help in the shell for its commands. On a pipe it reads a command per line and answers each with one line, ok or error CODE: what and why.',
      'It shares while it runs: closing the shell stops sharing, and keeps unfinished downloads for the next login.'
    ],
    run: async (args, io, ending) => (await import('./peer.ts')).runPeer(args, io, ending)
  },
  {
    name: 'plugins',
    arguments: [],
    options: peerOptions.filter(({ name }) => name === '--config'),
    summary: 'lists the plugins of every kind: the first party\'s and those that the configuration names; whether each loads, and if not, why',
    details: ['Each is loaded in a process of its own, for 10 s at most, or up to 30 s on a busy machine.'],
    run: async (args, io, ending) => (await import('./plugins.ts')).runPlugins(args, io, ending)
  },
  {
    name: 'plugin',
    arguments: [{ name: 'new', kind: 'text' }, { name: 'KIND', kind: 'text' }, { name: 'NAME', kind: 'text' }, { name: 'FOLDER', kind: 'path', optional: true }],
    options: [],
    summary: 'writes a folder with a plugin of your own that works, its test, and what it takes to build it',
    details: ['KIND is transport, selector, integrity, storage, tracker, state or admission. FOLDER is ./shoal-KIND-NAME unless given. Nothing is written over.'],
    run: async (args, io) => (await import('./plugin-new.ts')).runPlugin(args, io)
  },
  {
    name: 'bench',
    arguments: benchParts.map(name => ({ name, kind: 'text', optional: true })),
    options: benchOptions,
    summary: 'measures this machine: throughput by transport, swarms, selectors, beside other tools',
    details: [
      'With no word: throughput. Prints tables, and writes JSON and plots to benchmarks/results.',
      'Ends with 0 when every run finished and every copy matched. Figures of the authors: benchmarks/RESULTS.md of the checkout.'
    ],
    run: async (args, _io, ending) => (await import('./bench.ts')).runBench(args, ending)
  }
]
