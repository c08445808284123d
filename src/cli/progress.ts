/** How far something is: one line drawn over at most ten times a second on a terminal, a plain line every five seconds elsewhere. Owns no numbers. */
import type { Environment } from './homes.ts'
import { canRedraw } from './io.ts'
import type { TerminalOutput } from './io.ts'
import { cutTo } from './width.ts'
import { escapeUnprintable } from './words.ts'

export interface Progress {
  update (text: string): void
  /** Leaves the line free for other output. It is drawn again with the next update. */
  clear (): void
}

const redrawMs = 100
const lineMs = 5000
const eraseLine = '\r\x1b[2K'

/** Some terminals do not say, or say 0. */
const columnsOf = ({ columns = 0 }: TerminalOutput): number => columns > 1 ? columns : 80

/** @param now milliseconds from any origin */
export const createProgress = (stream: TerminalOutput, env: Environment, now: () => number = () => performance.now()): Progress => {
  const redraw = canRedraw(stream, env)
  let drawn = false
  let last = redraw ? Number.NEGATIVE_INFINITY : now()
  return {
    update: text => {
      const time = now()
      if (time - last < (redraw ? redrawMs : lineMs)) return
      last = time
      const line = escapeUnprintable(text)
      if (redraw) stream.write(`${eraseLine}${cutTo(line, columnsOf(stream) - 1)}`)
      else stream.write(`${line}\n`)
      drawn = redraw
    },
    clear: () => {
      if (!drawn) return
      drawn = false
      last = Number.NEGATIVE_INFINITY
      stream.write(eraseLine)
    }
  }
}
