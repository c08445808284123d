/** Asks a person at the terminal: a line, or a password that is not shown. Never asks where nobody can answer. */
import { createInterface } from 'node:readline/promises'
import { StringDecoder } from 'node:string_decoder'
import { ShoalError } from '../contract/index.ts'
import type { TerminalInput, TerminalOutput } from './io.ts'

const interrupted = (): ShoalError => new ShoalError('INTERRUPTED', 'The question was not answered. Type the command again.')

/** A line typed with echo. */
export const askLine = async (input: TerminalInput, output: TerminalOutput, question: string): Promise<string> => {
  const asking = createInterface({ input, output, terminal: true, historySize: 0 })
  const gone = new AbortController()
  asking.once('SIGINT', () => { gone.abort() }).once('close', () => { gone.abort() })
  try { return await asking.question(question, { signal: gone.signal }) } catch { throw interrupted() } finally { asking.close() }
}

/** After its escape character. */
const controlSequence = /^(?:\[[0-9;?]*[ -/]*[@-~]|O.|.)?/s

/** What keys do to a line that is not shown. */
interface Typed { readonly text: string, readonly done: boolean, readonly cancelled: boolean, readonly rest: string }

export const typeSecret = (before: string, keys: string): Typed => {
  let text = before
  for (let at = 0; at < keys.length;) {
    if (keys.charAt(at) === '\x1b') { at += 1 + (controlSequence.exec(keys.slice(at + 1))?.[0].length ?? 0); continue }
    const key = String.fromCodePoint(keys.codePointAt(at) ?? 0)
    at += key.length
    switch (key) {
      case '\r': case '\n': return { text, done: true, cancelled: false, rest: keys.slice(at) }
      case '\x03': return { text: '', done: true, cancelled: true, rest: keys.slice(at) }
      case '\x04': return { text, done: true, cancelled: text === '', rest: keys.slice(at) }
      case '\x7f': case '\b': text = Array.from(text).slice(0, -1).join(''); break
      case '\x15': text = ''; break
      default: if (key >= ' ') text += key
    }
  }
  return { text, done: false, cancelled: false, rest: '' }
}

/** A line typed without echo. @throws ShoalError INTERRUPTED at Ctrl-C, or when the terminal closes */
export const askSecret = async (input: TerminalInput, output: TerminalOutput, question: string): Promise<string> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const decoder = new StringDecoder('utf8')
  let text = ''
  const onData = (chunk: Buffer | string): void => {
    const typed = typeSecret(text, typeof chunk === 'string' ? chunk : decoder.write(chunk))
    text = typed.text
    if (!typed.done) return
    if (typed.cancelled) reject(interrupted())
    else resolve(text)
  }
  const onEnd = (): void => { reject(interrupted()) }
  output.write(question)
  input.setRawMode?.(true)
  input.on('data', onData).on('end', onEnd)
  input.resume()
  try { return await promise } finally {
    input.off('data', onData).off('end', onEnd)
    input.pause()
    input.setRawMode?.(false)
    output.write('\n')
  }
}
