/**
 * A command of the shell as a command of the system: `shoal share FILE GROUP`, `shoal get GROUP FILE DESTINATION`, `shoal list_files GROUP`. The same table,
 * with a peer and a login around it. Owns what follows: share stays, get waits for its file.
 */
import { dirname, resolve } from 'node:path'
import { exitStatus, ShoalError } from '../contract/index.ts'
import type { DownloadStatus, Shoal } from '../contract/index.ts'
import { readSettings } from './config.ts'
import type { Command, Face, Result } from './command.ts'
import { commands } from './commands/index.ts'
import { downloadRow, paceOf, senders } from './commands/downloads.ts'
import { passwordFileOption, passwordInputOption, passwordSource, readPassword, readUser, userOption } from './credentials.ts'
import { downloadOf, untilEnded } from './downloads-watch.ts'
import type { Arguments, Grammar } from './grammar.ts'
import { canRedraw, write } from './io.ts'
import type { Io } from './io.ts'
import { noticeLine } from './notices.ts'
import type { Notice } from './notices.ts'
import { openPeer } from './open-peer.ts'
import { peerOptions } from './peer-options.ts'
import { createProgress } from './progress.ts'
import type { Progress } from './progress.ts'
import { formatBytes, formatPercent, formatSeconds } from './quantities.ts'
import { jsonLine, printResult, resultJson } from './render.ts'
import { aborted } from './signals.ts'
import type { Ending } from './signals.ts'
import { escapeUnprintable } from './words.ts'

/** The command's own words, and those of the peer and the login around it. A password is no argument here: the process list shows them. */
export const aloneGrammar = (command: Command): Grammar => {
  const own = new Set((command.options ?? []).map(option => option.name))
  return {
    name: command.aliases?.[0] ?? command.name,
    ...command.aliases === undefined ? {} : { aliases: [command.name] },
    summary: command.summary,
    ...command.details === undefined ? {} : { details: command.details },
    arguments: command.arguments.filter(argument => argument.kind !== 'password'),
    options: [
      ...command.options ?? [],
      ...command.login === false ? [] : [userOption],
      passwordFileOption, passwordInputOption,
      { name: '--tracker', value: 'TRACKER_INFO', summary: 'a file, or the address that a tracker printed; else the tracker of last time, else 127.0.0.1:7400' },
      { name: '--listen', value: 'HOST:PORT', summary: 'where to listen; else all interfaces, and a free port that is remembered' },
      ...peerOptions.filter(option => !own.has(option.name))
    ]
  }
}

const drawEveryMs = { redrawn: 100, plain: 1000 }

/** `43.2%  120.3 MB of 278.0 MB  11.9 MB/s  0:13 left  3 sources` */
export const progressLine = (status: DownloadStatus): string => {
  const { haveBytes, length, rate, sources, waiting } = status
  return [
    formatPercent(haveBytes, Math.max(length, 1)),
    `${formatBytes(haveBytes)} of ${formatBytes(length)}`,
    paceOf(status),
    ...waiting === undefined && rate > 0 ? [`${formatSeconds((length - haveBytes) / rate)} left`, `${sources} ${sources === 1 ? 'source' : 'sources'}`] : []
  ].join('  ')
}

/** Until the file is there. @throws ShoalError of a failed download, or INTERRUPTED */
const waitForFile = async (shoal: Shoal, args: Arguments, io: Io, progress: Progress, ending: Ending): Promise<DownloadStatus> => {
  const [group, file] = [args.text('GROUP'), args.text('FILE')]
  const draw = (): void => {
    const status = downloadOf(shoal, group, file)
    if (status?.state === 'running') progress.update(progressLine(status))
  }
  const timer = setInterval(draw, canRedraw(io.stderr, io.env) ? drawEveryMs.redrawn : drawEveryMs.plain)
  try { await untilEnded(shoal, group, file, ending.signal) } finally {
    clearInterval(timer)
    progress.clear()
  }
  const status = downloadOf(shoal, group, file)
  if (status?.state === 'complete') return status
  if (status?.error !== undefined) throw new ShoalError(status.error.code, status.error.message)
  const done = status === undefined ? '' : ` at ${formatPercent(status.haveBytes, Math.max(status.length, 1))}`
  throw new ShoalError('INTERRUPTED', `The download of "${file}" was interrupted${done}. Run the same command again: it goes on from there.`)
}

/** Run again, `get` takes up what the login has resumed, if it goes to the same place. */
const isResumed = (shoal: Shoal, args: Arguments, error: unknown): boolean => {
  if (!ShoalError.is(error, 'ALREADY_DOWNLOADING')) return false
  const path = downloadOf(shoal, args.text('GROUP'), args.text('FILE'))?.path
  const destination = resolve(args.text('DESTINATION'))
  return path !== undefined && (path === destination || dirname(path) === destination)
}

export const runAlone = async (command: Command, typed: Arguments, io: Io, ending: Ending): Promise<number> => {
  const args = await readSettings(typed, io)
  const say = (text: string): void => { io.stderr.write(`${escapeUnprintable(text)}\n`) }
  const progress = createProgress(io.stderr, io.env)
  const tell = (notice: Notice): void => {
    if (notice.level === 'notice') return // there is no shell to read on in
    progress.clear()
    io.stderr.write(`${noticeLine(notice)}\n`)
  }
  const face: Face = {
    note: text => { progress.clear(); say(text) },
    progress: text => { if (text === undefined) progress.clear(); else progress.update(text) }
  }
  const print = async (result: Result | undefined): Promise<void> => {
    progress.clear()
    if (args.has('--json')) await write(io.stdout, `${jsonLine({ command: command.name, ok: true, result: await resultJson(result) })}\n`)
    else await printResult(result, io.stdout.isTTY === true ? 'aligned' : 'plain', line => write(io.stdout, `${line}\n`))
  }
  const user = command.login === false ? undefined : await readUser(args, io)
  const password = await readPassword(passwordSource(args), io, user === undefined ? ['Password: ', 'The same again: '] : ['Password: '])
  const peer = await openPeer(args, { listen: args.option('--listen'), tracker: args.option('--tracker') }, io, tell)
  const { shoal, during } = peer
  const { signal } = ending
  try {
    if (user !== undefined) await during(shoal.login(user, password, { signal }))
    const run = (): Promise<Result | undefined> => during((async () => command.run({ shoal, args, signal, face: { ...face, askSecret: () => Promise.resolve(password) }, commands }))())
    switch (command.alone) {
      case 'wait for the download': {
        await run().catch((error: unknown) => { if (!isResumed(shoal, args, error)) throw error })
        const path = downloadOf(shoal, args.text('GROUP'), args.text('FILE'))?.path
        if (path !== undefined) say(`Downloading to ${path}. Ctrl-C keeps what is there, and the same command goes on.`)
        const status = await waitForFile(shoal, args, io, progress, ending)
        say(`${formatBytes(status.length)} in ${(status.seconds ?? 0).toFixed(1)} s; bytes from each peer: ${senders(status.bytesByPeer)}`)
        await print({ type: 'record', row: { fields: [status.name, status.path], json: downloadRow(status).json } })
        return exitStatus.done
      }
      case 'stay until interrupted': {
        await print(await run())
        say('Shared for as long as this runs. Ctrl-C stops sharing; the file stays where it is.')
        await aborted(signal)
        return exitStatus.done
      }
      default: await during(print(await run())); return exitStatus.done
    }
  } finally {
    progress.clear()
    await peer.close()
  }
}
