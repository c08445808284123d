/** Streams of a process that is not there: what is typed goes in, what is printed is kept as lines that can be awaited. */
import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import type { Environment } from '../../src/cli/homes.ts'
import type { Io } from '../../src/cli/io.ts'

export interface Kept {
  /** All that was printed so far. */
  text (): string
  lines (): readonly string[]
  /** The same without cursor and colour codes. */
  plain (): string
  /** Resolves when what was printed so far, or will be, matches: without codes, from that character on. */
  until (pattern: RegExp, from?: number): Promise<RegExpExecArray>
}

const keep = (stream: PassThrough): Kept => {
  let all = ''
  const looks = new Set<() => void>()
  stream.setEncoding('utf8').on('data', (text: string) => {
    all += text
    for (const look of [...looks]) look()
  })
  return {
    text: () => all,
    lines: () => all.split('\n').slice(0, -1),
    plain: () => stripVTControlCharacters(all),
    until: (pattern, from = 0) => new Promise(resolve => {
      const look = (): void => {
        const found = pattern.exec(stripVTControlCharacters(all).slice(from))
        if (found === null) return
        looks.delete(look)
        resolve(found)
      }
      looks.add(look)
      look()
    })
  }
}

export interface FakeProcess { readonly io: Io, readonly stdin: PassThrough, readonly out: Kept, readonly err: Kept }

/** As a pipe; with `terminal`, as a terminal of that width. */
export const fakeProcess = ({ env = {}, terminal }: { readonly env?: Environment, readonly terminal?: number } = {}): FakeProcess => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const [out, err] = [keep(stdout), keep(stderr)]
  if (terminal !== undefined) {
    Object.assign(stdin, { isTTY: true, setRawMode: () => stdin })
    for (const stream of [stdout, stderr]) Object.assign(stream, { isTTY: true, columns: terminal, rows: 40 })
  }
  return { io: { stdin, stdout, stderr, env }, stdin, out, err }
}
