/** What may be typed to a running tracker or relay: `quit`. The end of its input means nothing: it may run with none. */
import { readFileSync } from 'node:fs'
import type { Io } from './io.ts'
import { write } from './io.ts'
import { linesOf } from './lines.ts'
import type { Ending } from './signals.ts'

/** Started with `&`, reading the terminal would stop the process the moment somebody types a key for the shell in front. Told by /proc where there is one. */
const isBehind = (io: Io): boolean => {
  if (io.stdin.isTTY !== true) return false
  try {
    const [, , group, , , front] = readFileSync('/proc/self/stat', 'utf8').replace(/^.*\) /s, '').split(' ')
    return group !== front
  } catch { return false }
}

export const watchConsole = (io: Io, ending: Ending): void => {
  if (isBehind(io)) return
  const watch = async (): Promise<void> => {
    for await (const line of linesOf(io.stdin, ending.signal)) {
      const word = line.trim()
      if (word === 'quit' || word === 'exit') { ending.end('quit'); return }
      if (word !== '') await write(io.stderr, 'There is one command here: quit.\n')
    }
  }
  watch().catch(() => undefined) // an input that cannot be read is as good as none
}
