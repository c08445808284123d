/** The program behind the children of a benchmark: `role.js NAME JSON`. Owns the table of roles; each is a file of roles/. A role ends when its input does. */
import { once } from 'node:events'

export type RoleOptions = Readonly<Record<string, unknown>>

export interface Stage {
  say (answer: RoleOptions): void
  /** Resolves with the next line of input; undefined: it ended. */
  cue (): Promise<string | undefined>
}

type Play = (options: RoleOptions, stage: Stage) => Promise<void>

const roles: Readonly<Record<string, () => Promise<Play>>> = {
  'socket-serve': async () => (await import('./roles/sockets.ts')).serve,
  'socket-fetch': async () => (await import('./roles/sockets.ts')).fetch,
  'stream-serve': async () => (await import('./roles/streams.ts')).serve,
  'stream-fetch': async () => (await import('./roles/streams.ts')).fetch,
  'stream-memory': async () => (await import('./roles/streams.ts')).inMemory,
  relay: async () => (await import('./roles/relay.ts')).relay,
  micro: async () => (await import('./roles/micro.ts')).play,
  sealing: async () => (await import('./roles/sealing.ts')).play,
  swarms: async () => (await import('./roles/swarms.ts')).play,
  'torrent-tracker': async () => (await import('./roles/torrent-tracker.ts')).play,
  'shoal-memory': async () => (await import('./roles/one-process.ts')).play
}

const lines = async function * (): AsyncGenerator<string, undefined> {
  let rest = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    const parts = (rest + String(chunk)).split('\n')
    rest = parts.pop() ?? ''
    yield * parts
  }
}

const [name = '', options = '{}'] = process.argv.slice(2)
const play = await roles[name]?.()
if (play === undefined) {
  process.stderr.write(`There is no role "${name}". There are: ${Object.keys(roles).join(', ')}.\n`)
  process.exit(2)
}
const input = lines()
await play(JSON.parse(options) as RoleOptions, {
  say (answer) { process.stdout.write(`${JSON.stringify(answer)}\n`) },
  async cue () {
    return (await input.next()).value
  }
})
while (!(await input.next()).done); // whoever started it may want to look at the process
if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
process.exit(0)
