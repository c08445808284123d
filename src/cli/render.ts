/** Results as text: for a pipe, a terminal or a program (JSON). Names come from strangers: nothing unprintable leaves here raw. */
import { pipe } from 'it-pipe'
import type { Failure } from './exit.ts'
import type { Field, Result, Row } from './command.ts'
import { padTo, textWidth } from './width.ts'
import { escapeUnprintable } from './words.ts'

/** `plain`: records with tabs. `aligned`: columns for people. `json`: the result as one JSON value on one line. */
export type Style = 'plain' | 'aligned' | 'json'

/** One line: what is unprintable, and the backslash itself, as backslash escapes. */
export const escapeText = (text: string): string => escapeUnprintable(text.replaceAll('\\', '\\\\'))

const fieldText = (field: Field): string => typeof field === 'string' ? escapeText(field) : escapeUnprintable(field.words)

/** A record is never taken for the answer that ends a command: its first letter is escaped if it looks like one. */
const unlikeAnswer = (line: string): string =>
  line === 'ok' || line.startsWith('error ') ? `\\x${(line.codePointAt(0) ?? 0).toString(16)}${line.slice(1)}` : line

export const recordLine = (fields: readonly Field[]): string => unlikeAnswer(fields.map(fieldText).join('\t'))

/** JSON on one line that is safe to print: what JSON leaves raw is written as \uXXXX, which reads the same. */
export const jsonLine = (value: unknown): string =>
  JSON.stringify(value).replace(/[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

export const errorLine = ({ code, message }: Failure): string => `error ${code}: ${escapeUnprintable(message)}`

/** Rows are aligned as they come, so many at a time: a list has no known end. */
const alignedAtOnce = 500

const alignRows = (columns: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => {
  const all = columns.length === 0 ? rows : [columns.map(column => column.toUpperCase()), ...rows]
  const widths: number[] = []
  for (const row of all) row.forEach((text, i) => { widths[i] = Math.max(widths[i] ?? 0, textWidth(text)) })
  return all.map(row => row.map((text, i) => i === row.length - 1 ? text : padTo(text, widths[i] ?? 0)).join('  '))
}

const plainLines = async function * (rows: AsyncIterable<Row>): AsyncGenerator<string> {
  for await (const row of rows) yield recordLine(row.fields)
}

const alignedLines = (columns: readonly string[]) => async function * (rows: AsyncIterable<Row>): AsyncGenerator<string> {
  let batch: (readonly string[])[] = []
  let header = columns
  const flush = function * (): Generator<string> {
    if (batch.length > 0) yield * alignRows(header.slice(0, Math.max(...batch.map(row => row.length))), batch)
    batch = []
    header = []
  }
  for await (const row of rows) {
    batch.push(row.fields.map(fieldText))
    if (batch.length === alignedAtOnce) yield * flush()
  }
  yield * flush()
}

const asyncRows = async function * (rows: Iterable<Row> | AsyncIterable<Row>): AsyncGenerator<Row> { yield * rows }

/** The result as a JSON value. */
export const resultJson = async (result: Result | undefined): Promise<unknown> => {
  switch (result?.type) {
    case undefined: return null
    case 'text': return result.json
    case 'record': return result.row.json
    case 'list': {
      const all: unknown[] = []
      for await (const row of result.rows) all.push(row.json)
      return all
    }
  }
}

/** Writes the lines of a result as they come, each when the one before was taken. */
export const printResult = async (result: Result | undefined, style: Style, print: (line: string) => Promise<void>): Promise<void> => {
  if (style === 'json') { await print(jsonLine(await resultJson(result))); return }
  switch (result?.type) {
    case undefined: return
    case 'text': for (const line of result.lines) await print(line); return
    case 'record': await print(style === 'plain' ? recordLine(result.row.fields) : result.row.fields.map(fieldText).join('  ')); return
    case 'list':
      await pipe(
        asyncRows(result.rows),
        style === 'plain' ? plainLines : alignedLines(result.columns),
        async lines => { for await (const line of lines) await print(line) }
      )
  }
}
