/** A stream of bytes as lines of text, one at a time: nothing is read ahead of what is asked for, beyond the chunk that came. */
import { addAbortSignal } from 'node:stream'
import type { Readable } from 'node:stream'

/** Ends without an error when the signal is aborted. Closes the input in any case. */
export const linesOf = async function * (input: Readable, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  addAbortSignal(signal, input)
  try {
    for await (const chunk of input as AsyncIterable<Uint8Array | string>) {
      rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
        yield withoutReturn(rest.slice(0, end))
        rest = rest.slice(end + 1)
      }
    }
  } catch (error) {
    if (signal.aborted) return
    throw error
  }
  rest += decoder.decode()
  if (rest !== '') yield withoutReturn(rest)
}

/** Lines may come from a file written elsewhere. */
const withoutReturn = (line: string): string => line.endsWith('\r') ? line.slice(0, -1) : line
