/** What the main job prints: live progress on a terminal, plain lines elsewhere, and the table at the end. */

export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)

export interface Progress {
  show (text: string): void
  /** Leaves the last state on a line of its own. */
  done (): void
}

const plainEveryMs = 2_000

export const progress = (out: NodeJS.WriteStream): Progress => {
  let last = 0
  let drawn = false
  return {
    show (text) {
      if (out.isTTY) {
        out.write(`\r\x1b[2K${text.slice(0, out.columns - 1)}`)
        drawn = true
      } else if (performance.now() - last >= plainEveryMs) {
        last = performance.now()
        out.write(`${text}\n`)
      }
    },
    done () {
      if (drawn) out.write('\n')
      drawn = false
    }
  }
}

/** Columns as wide as their widest cell; numbers to the right. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map(row => (row[column] ?? '').length)))
  const line = (row: readonly string[]): string => row.map((cell, column) => {
    const width = widths[column] ?? 0
    return column > 0 && /^[\d.,\s-]+%?$/.test(cell) ? cell.padStart(width) : cell.padEnd(width)
  }).join('  ').trimEnd()
  return [line(head), widths.map(width => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n')
}
