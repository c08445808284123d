import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { commands } from '../../src/cli/commands/index.ts'
import { openHistory } from '../../src/cli/history.ts'
import { createEnding } from '../../src/cli/signals.ts'
import type { Ending } from '../../src/cli/signals.ts'
import { createTerminalShell } from '../../src/cli/terminal-shell.ts'
import type { TerminalShell } from '../../src/cli/terminal-shell.ts'
import type { Shoal } from '../../src/contract/index.ts'
import { smallWorld } from './small-shoal.ts'
import { fakeProcess } from './streams.ts'
import type { FakeProcess } from './streams.ts'

interface Terminal extends FakeProcess { readonly shell: TerminalShell, readonly ended: Promise<{ readonly status: number }>, readonly ending: Ending, readonly historyFile: string }

const terminal = async (shoal: Shoal, columns = 80): Promise<Terminal> => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-terminal-'))
  onTestFinished(() => { rmSync(folder, { recursive: true }) })
  const historyFile = join(folder, 'history')
  const fake = fakeProcess({ terminal: columns, env: { TERM: 'xterm' } })
  const ending = createEnding()
  onTestFinished(() => { ending.end('quit') })
  const shell = createTerminalShell({ shoal, commands, io: fake.io, home: '/home/ann', history: await openHistory(historyFile, commands), ending, debug: false })
  return { ...fake, shell, ending, historyFile, ended: shell.run() }
}
const alone = async (columns?: number): Promise<Terminal> => terminal(await (await smallWorld()).peer(), columns)

/** What is on the screen at the end: rows of text, as a terminal of that width would show them, and where the cursor is. */
const screen = (printed: string, columns = 80): { readonly rows: readonly string[], readonly row: number, readonly column: number } => {
  const rows: string[][] = [[]]
  let [row, column] = [0, 0]
  const line = (): string[] => { while (rows.length <= row) rows.push([]); return rows[row] ?? [] }
  for (const [token, parameter = '', command] of printed.replaceAll('\x1b', '␛').matchAll(/␛\[(\d*)([A-Za-z])|[\s\S]/gu)) {
    const count = Number(parameter === '' ? 1 : parameter)
    if (command === undefined) {
      if (token === '\n') { row++; line() } else if (token === '\r') column = 0
      else if (token !== '\x07') {
        if (column >= columns) { row++; column = 0 }
        const cells = line()
        while (cells.length < column) cells.push(' ')
        cells[column++] = token
      }
    } else if (command === 'A') row = Math.max(0, row - count)
    else if (command === 'B') row += count
    else if (command === 'C') column += count
    else if (command === 'D') column = Math.max(0, column - count)
    else if (command === 'G') column = count - 1
    else if (command === 'J') { line().length = Math.min(line().length, column); rows.length = row + 1 } else if (command === 'K') { if (parameter === '2') line().length = 0; else line().length = Math.min(line().length, column) }
  }
  return { rows: rows.map(cells => cells.join('').trimEnd()), row, column }
}

describe('the shell on a terminal', () => {
  /** Types keys, and waits for what they make appear. */
  const press = async ({ stdin, out }: FakeProcess, keys: string, appears: RegExp): Promise<void> => {
    const from = out.plain().length
    stdin.write(keys)
    await out.until(appears, from)
  }

  it('prompts with who is logged in, says ok and errors, and lists in columns', async () => {
    const shell = await alone()
    await shell.out.until(/shoal> $/)
    await press(shell, 'list_groups\r', /\nerror NOT_LOGGED_IN: .*\nshoal> $/)
    await press(shell, 'create_user ann pw\r', /\nok\nshoal> $/)
    await press(shell, 'login ann pw\r', /\nok\nann> $/)
    await press(shell, 'create_group crew\r', /\nok\nann> $/)
    await press(shell, 'list_groups\r', /\nGROUP {2}OWNER {2}YOU\ncrew {3}ann {4}owner\nann> $/)
    await press(shell, '  # nothing\r', /\nann> $/)
    shell.stdin.write('quit\r')
    expect(await shell.ended).toEqual({ status: 0 })
  })

  it('asks for a password that was left out, and shows it nowhere', async () => {
    const shell = await alone()
    await shell.out.until(/shoal> $/)
    await press(shell, 'create_user ann\r', /Password: $/)
    await press(shell, 'secret\r', /The same again: $/)
    await press(shell, 'secret\r', /\nok\nshoal> $/)
    await press(shell, 'login ann\r', /Password: $/)
    await press(shell, 'secret\r', /\nok\nann> $/)
    await press(shell, 'whoami\r', /12D3KooW[^]*ann> $/)
    shell.stdin.write('quit\r')
    await shell.ended
    expect(shell.out.text()).not.toContain('secret')
    expect(readFileSync(shell.historyFile, 'utf8')).toBe('whoami\nquit\n')
  })

  it('never offers a line with a password again', async () => {
    const shell = await alone()
    await shell.out.until(/shoal> $/)
    for (const line of ['help quit', 'login ann pw', 'lgoin ann pw']) await press(shell, `${line}\r`, /\nshoal> $/)
    const from = shell.out.plain().length
    await press(shell, '\x1b[A', /help quit$/)
    expect(shell.out.plain().slice(from)).not.toContain('pw')
    await press(shell, '\x03', /shoal> $/)
    shell.stdin.write('quit\r')
    await shell.ended
  })

  it.each([[80, 'list_files cr'], [20, 'upload_file /a/long/path/that/takes/three/rows crew']])('with %i columns prints notices above the line being typed, which stays as it is', async (columns, typed) => {
    const { stdin, out, shell, ended } = await alone(columns)
    await out.until(/shoal> $/)
    stdin.write(typed)
    await out.until(new RegExp(`${typed.slice(-5)}$`))
    const length = out.text().length
    stdin.write('\x1b[D\x1b[D')
    while (!out.text().slice(length).endsWith('\x1b[1D\x1b[1D')) await new Promise(resolve => setImmediate(resolve))
    const before = screen(out.text(), columns)
    shell.tell({ level: 'notice', text: 'bob is online' })
    shell.tell({ level: 'warning', text: 'the tracker\x1b[2J does not answer' })
    const after = screen(out.text(), columns)
    expect(after.rows.join('').split('shoal> ').at(-1)).toBe(before.rows.join('').split('shoal> ').at(-1))
    expect(after.rows.join('')).toMatch(/^notice bob is onlinewarning the tracker\\x1b\[2J does not answershoal> /)
    expect(after.column).toBe(before.column)
    stdin.write('\x03')
    stdin.write('quit\r')
    await ended
  })

  it('completes with the Tab key', async () => {
    const shell = await alone()
    await shell.out.until(/shoal> $/)
    await press(shell, 'hel\t', /help $/)
    await press(shell, 'qu\t', /quit $/)
    await press(shell, '\r', /ends the peer[^]*> $/)
    await press(shell, 'list_gr\t\r', /UNKNOWN_COMMAND[^]*> $/)
    await press(shell, 'help\r', /^help\r\nCommands/)
    shell.stdin.write('quit\r')
    await shell.ended
  })

  it('at Ctrl-C clears the line, says how to leave, and cancels a running command', async () => {
    const world = await smallWorld()
    const ann = await world.peer()
    await ann.createUser('ann', 'pw')
    await ann.login('ann', 'pw')
    await ann.createGroup('g')
    writeFileSync(join(world.folder, 'f'), '')
    truncateSync(join(world.folder, 'f'), 4 * 1024 ** 3)
    const shell = await terminal(ann)
    await shell.out.until(/ann> $/)
    await press(shell, 'leave_group g', /leave_group g$/)
    await press(shell, '\x03', /ann> $/)
    await press(shell, '\x03', /Type quit to leave\. .*\n[^]*ann> $/)
    await press(shell, `upload_file ${world.folder}/f g\r`, /sealing/)
    await press(shell, '\x03', /error INTERRUPTED: .*\nann> $/)
    await press(shell, 'list_groups\r', /g {6}ann {4}owner\nann> $/)
    shell.stdin.write('quit\r')
    expect(await shell.ended).toEqual({ status: 0 })
  })

  it.each<[string, (shell: Terminal) => void, number]>([
    ['Ctrl-D', ({ stdin }) => { stdin.write('\x04') }, 0],
    ['the end of its terminal', ({ stdin }) => { stdin.end() }, 0],
    ['SIGTERM', ({ ending }) => { ending.end('SIGTERM') }, 0],
    ['SIGINT', ({ ending }) => { ending.end('SIGINT') }, 130]
  ])('ends at %s', async (_, act, status) => {
    const shell = await alone()
    await shell.out.until(/shoal> $/)
    act(shell)
    expect(await shell.ended).toEqual({ status })
  })
})
