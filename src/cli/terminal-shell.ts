/**
 * The shell for people: prompt, editing, history, completion; notices above the line being typed. What a command does and prints is the same as on a pipe.
 * Ctrl-C cancels a running command, else clears the line; Ctrl-D on an empty line is `quit`.
 */
import { clearScreenDown, createInterface, cursorTo, moveCursor } from 'node:readline'
import type { Interface } from 'node:readline'
import { exitStatus, ShoalError } from '../contract/index.ts'
import type { Shoal } from '../contract/index.ts'
import type { Command, Face } from './command.ts'
import { createCompleter } from './completion.ts'
import type { Completion } from './completion.ts'
import { detailsOf, failureOf } from './exit.ts'
import { isKeepable } from './history.ts'
import type { History } from './history.ts'
import { canRedraw, write } from './io.ts'
import type { Io } from './io.ts'
import { noticeLine } from './notices.ts'
import type { Notice } from './notices.ts'
import { createProgress } from './progress.ts'
import { askSecret } from './prompt.ts'
import { errorLine } from './render.ts'
import { createShell } from './shell.ts'
import type { ShellOptions } from './shell.ts'
import type { Ending } from './signals.ts'
import { escapeUnprintable, isIdle } from './words.ts'

export interface TerminalShellOptions {
  readonly shoal: Shoal
  readonly commands: readonly Command[]
  readonly io: Io
  readonly home: string
  readonly history: History
  readonly ending: Ending
  /** Runs around the work of each command. */
  readonly during?: ShellOptions['during']
  readonly debug: boolean
}

export interface TerminalShell {
  readonly tell: (notice: Notice) => void
  run (): Promise<{ readonly status: number }>
}

export const createTerminalShell = ({ shoal, commands, io, home, history, ending, debug, during = work => work }: TerminalShellOptions): TerminalShell => {
  const { stdin, stdout } = io
  const progress = createProgress(stdout, io.env)
  const complete = createCompleter(shoal, commands, home)
  const typed: string[] = []
  let wake = (): void => undefined
  let ended = false
  let editor: Interface | undefined
  let prompting = false
  let running: AbortController | undefined

  /** Prints whole lines, above the line being typed if there is one. */
  const show = (text: string): void => {
    progress.clear()
    if (editor === undefined || !prompting || !canRedraw(stdout, io.env)) { stdout.write(`${text}\n`); return }
    const { rows } = editor.getCursorPos()
    moveCursor(stdout, 0, -rows)
    cursorTo(stdout, 0)
    clearScreenDown(stdout)
    // readline goes up by the rows that the typed line took when it draws it again
    stdout.write(`${text}\n${'\n'.repeat(rows)}`)
    editor.prompt(true)
  }

  const onInterrupt = (): void => {
    if (running !== undefined) { running.abort(new ShoalError('INTERRUPTED', 'The command was interrupted. Type it again to go on.')); return }
    if (editor === undefined) return
    const empty = editor.line === ''
    editor.write(null, { ctrl: true, name: 'e' })
    editor.write(null, { ctrl: true, name: 'u' })
    if (empty) show('Type quit to leave. Sharing stops then.')
  }

  const open = (): Interface => {
    const opened = createInterface({
      input: stdin, output: stdout, terminal: true, removeHistoryDuplicates: true, history: [...history.lines],
      completer: (line: string, callback: (error: null, result: Completion) => void) => {
        void complete(line).then(found => {
          // typed on meanwhile: what was found is not for this line
          const isSame = opened.line.slice(0, opened.cursor) === line
          callback(null, isSame ? found : [[], line])
        })
      }
    })
    // the editor adds every line by itself; those that may hold a password are taken out before it can show them again
    opened.on('history', lines => { if (lines[0] !== undefined && !isKeepable(lines[0], commands)) lines.shift() })
    opened.on('line', line => { typed.push(line); wake() })
    opened.on('SIGINT', onInterrupt)
    opened.on('close', () => { if (editor === opened) { editor = undefined; ended = true; wake() } })
    editor = opened
    return opened
  }
  const close = (): void => {
    const closing = editor
    editor = undefined
    closing?.close()
  }

  const face: Face = {
    note: text => { show(escapeUnprintable(text)) },
    progress: text => { if (text === undefined) progress.clear(); else progress.update(text) },
    askSecret: async question => {
      close()
      try { return await askSecret(stdin, stdout, question) } finally { open() }
    }
  }
  const shell = createShell({
    shoal, commands, face, home, style: 'aligned', during,
    print: async line => { progress.clear(); await write(stdout, `${line}\n`) }
  })

  /** @returns whether the shell goes on */
  const execute = async (line: string): Promise<boolean> => {
    running = new AbortController()
    const signal = AbortSignal.any([running.signal, ending.signal])
    try {
      await history.add(line)
      const ran = await shell.run(line, signal)
      if (ran.command.ends === true) return false
      await shell.print(ran, signal)
      if (ran.result === undefined) show('ok')
    } catch (error) {
      if (debug) show(detailsOf(error))
      show(errorLine(failureOf(error)))
    } finally { running = undefined }
    return true
  }

  const nextLine = async (): Promise<string | undefined> => {
    const current = editor ?? open()
    current.setPrompt(`${shoal.user ?? 'shoal'}> `)
    prompting = true
    if (typed.length === 0) current.prompt()
    while (typed.length === 0 && !ended && !ending.signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      await promise
    }
    prompting = false
    return typed.shift()
  }

  return {
    tell: notice => { show(noticeLine(notice)) },
    async run () {
      open()
      ending.signal.addEventListener('abort', () => { wake() }, { once: true })
      for (let line = await nextLine(); line !== undefined; line = await nextLine()) {
        if (isIdle(line)) continue
        if (!await execute(line) || ending.signal.aborted) break
      }
      const wasTyping = ended
      close()
      if (wasTyping || ending.signal.aborted) stdout.write('\n')
      return { status: ending.cause === 'SIGINT' ? exitStatus.interrupted : exitStatus.done }
    }
  }
}
