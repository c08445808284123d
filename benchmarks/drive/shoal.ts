/** Shoal as its users run it: `shoal tracker` and `shoal peer` as processes, commands typed into standard input. */
import { launcher } from '../package-folder.ts'
import type { Processes, Running, StartOptions } from './processes.ts'

export interface Peer extends Running {
  /** Types a command; resolves with the lines of its result. @throws when it was answered with an error */
  run (...words: string[]): Promise<string[]>
}

const word = (text: string): string => /^[\w./:@%+,=~-]+$/.test(text) ? text : `'${text.replaceAll('\'', '\'\\\'\'')}'`

export interface PeerOptions {
  /** SHOAL_HOME: a new folder. */
  readonly home: string
  readonly tracker: string
  /** Where it listens. @default 127.0.0.1:0 */
  readonly listen?: string
  /** What follows on its command line. */
  readonly flags?: readonly string[]
  readonly through?: readonly string[]
}

const password = 'a password of the benchmarks'

const environment = (home: string): NodeJS.ProcessEnv => ({ SHOAL_HOME: home, NO_COLOR: '1' })

/** @returns once somebody of that name is logged in */
export const startPeer = async (processes: Processes, user: string, { home, tracker, listen = '127.0.0.1:0', flags = [], through = [] }: PeerOptions): Promise<Peer> => {
  const running = processes.start([...launcher, 'peer', listen, tracker, ...flags], { env: environment(home), through })
  const peer: Peer = {
    ...running,
    async run (...words) {
      running.type(words.map(word).join(' '))
      const result: string[] = []
      for (;;) {
        const line = await running.line()
        if (line === 'ok') return result
        if (/^error [A-Z_]+: /.test(line)) throw new Error(`${words.join(' ')}: ${line}`)
        result.push(line)
      }
    }
  }
  await peer.run('create_user', user, password)
  await peer.run('login', user, password)
  return peer
}

/** @returns the tracker, and its address with the pin of its realm */
export const startTracker = async (processes: Processes, home: string, { listen = '127.0.0.1:0', through = [] }: Pick<StartOptions, 'through'> & { readonly listen?: string } = {}): Promise<Running & { readonly url: string }> => {
  const running = processes.start([...launcher, 'tracker', '--listen', listen], { env: environment(home), through })
  return { ...running, url: await running.line(), end () { running.type('quit'); return running.end() } } // the end of its input does not end it
}

export interface Pair { readonly sharer: Peer, readonly fetcher: Peer, readonly group: string }

/** Both are members of a new group of that name. */
export const befriend = async (sharer: Peer, fetcher: Peer, user: string, group: string): Promise<void> => {
  await sharer.run('create_group', group)
  await fetcher.run('join_group', group)
  await sharer.run('accept_request', group, user)
}

/** From the command to the finished file, on our own clock. @returns seconds @throws when the download failed */
export const fetchFile = async (fetcher: Peer, group: string, name: string, destination: string): Promise<number> => {
  const over = fetcher.note(/^(notice|warning) download \S+ \S+ (complete|failed)/)
  const from = performance.now()
  await Promise.all([fetcher.run('download_file', group, name, destination), over])
  const took = (performance.now() - from) / 1000
  const note = await over
  if (note.includes(' failed')) throw new Error(note)
  return took
}
