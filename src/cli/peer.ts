/** `shoal peer`: a peer, and the shell that fits where it is typed. */
import { join } from 'node:path'
import { commands } from './commands/index.ts'
import { readSettings } from './config.ts'
import { readPassword } from './credentials.ts'
import { usage } from './exit.ts'
import type { Arguments } from './grammar.ts'
import { openHistory } from './history.ts'
import { userFolder } from './homes.ts'
import { canRedraw, isInteractive, write } from './io.ts'
import type { Io } from './io.ts'
import { noticeLine } from './notices.ts'
import type { Notice } from './notices.ts'
import { openPeer } from './open-peer.ts'
import type { OpenPeer, PeerPlace } from './open-peer.ts'
import { createPipeShell } from './pipe-shell.ts'
import type { Ending } from './signals.ts'
import { createTerminalShell } from './terminal-shell.ts'
import { version } from '../version.ts'

/** `shoal peer URL` is understood too: an address with a scheme or a pin, or a path, is no HOST:PORT to listen on. */
const placeOf = (args: Arguments): PeerPlace => {
  const [first, second] = [args.maybe('HOST:PORT'), args.maybe('TRACKER_INFO')]
  const isTracker = first !== undefined && second === undefined && (first.includes('#') || first.includes('/') || !first.includes(':'))
  return isTracker ? { listen: undefined, tracker: first } : { listen: first, tracker: second }
}

/** What closing the shell has ended. Asked before it closes. */
const farewellOf = ({ shoal }: OpenPeer): string => {
  if (shoal.user === undefined) return 'Bye.'
  const shares = shoal.shares().length
  const downloads = shoal.downloads().filter(({ state }) => state === 'running').length
  return `Sharing has stopped${shares === 0 ? '' : ` (files: ${shares})`}${downloads === 0 ? '' : `, unfinished downloads are kept (${downloads})`}. The next login of ${shoal.user} resumes.`
}

const welcomeOf = ({ shoal }: OpenPeer): string =>
  `Shoal ${version}, tracker ${shoal.tracker}. Type help for the commands${shoal.user === undefined ? '; login USER, or create_user USER first' : ''}. ` +
  'Files are shared while this shell is open.'

/** Whoever gives one of these wants answers to read by program, on a terminal too. */
const forPrograms: readonly string[] = ['--wait', '--stay', '--strict', '--json']

export const runPeer = async (typed: Arguments, io: Io, ending: Ending): Promise<number> => {
  const args = await readSettings(typed, io)
  if (args.has('--wait') && args.has('--stay')) throw usage('--wait and --stay exclude each other. Leave one out.')
  if (args.has('--password-file') && !args.has('--user')) throw usage('--password-file is for --user. Give both, or log in with the command login.')
  const interactive = isInteractive(io) && canRedraw(io.stdout, io.env) && !forPrograms.some(option => args.has(option))
  const early = (notice: Notice): void => { io.stderr.write(`${noticeLine(notice)}\n`) }
  let tell = early
  const peer = await openPeer(args, placeOf(args), io, notice => { tell(notice) })
  let farewell: string | undefined
  try {
    const user = args.option('--user')
    if (user !== undefined) await peer.during(peer.shoal.login(user.normalize('NFC'), await readPassword({ file: args.option('--password-file'), fromInput: false }, io), { signal: ending.signal }))
    const shared = { shoal: peer.shoal, commands, io, home: userFolder(io.env), ending, during: peer.during, debug: args.has('--debug') }
    if (interactive) {
      const shell = createTerminalShell({ ...shared, history: await openHistory(join(peer.home.state, 'history'), commands) })
      await write(io.stdout, `${welcomeOf(peer)}\n`)
      tell = shell.tell
      const { status } = await shell.run()
      farewell = farewellOf(peer)
      return status
    }
    const shell = createPipeShell({ ...shared, wait: args.has('--wait'), stay: args.has('--stay'), strict: args.has('--strict'), json: args.has('--json') })
    tell = shell.tell
    const ended = await shell.run()
    farewell = ended.farewell
    return ended.status
  } finally {
    tell = early
    await peer.close()
    if (farewell !== undefined) await write(io.stdout, `${farewell}\n`)
  }
}
