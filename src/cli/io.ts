/** The outside of the process as the command line uses it: streams, environment, what they are. Tests give their own. */
import type { Readable, Writable } from 'node:stream'
import type { Environment } from './homes.ts'

export interface TerminalInput extends Readable { readonly isTTY?: boolean, setRawMode? (raw: boolean): unknown }
export interface TerminalOutput extends Writable { readonly isTTY?: boolean, readonly columns?: number }

export interface Io {
  readonly stdin: TerminalInput
  readonly stdout: TerminalOutput
  readonly stderr: TerminalOutput
  readonly env: Environment
}

/** Resolves when the stream took the text, also when its reader is gone: then the process is being ended by main.ts. */
export const write = async (stream: Writable, text: string): Promise<void> => {
  if (stream.destroyed || stream.writableEnded) return
  await new Promise<void>(resolve => { stream.write(text, () => { resolve() }) })
}

/** Everything written to the streams so far has left the process, or nobody reads it. */
export const flushed = async (io: Io): Promise<void> => { await Promise.all([write(io.stdout, ''), write(io.stderr, '')]) }

/** Whether a person reads and types here, so that lines can be edited and redrawn. */
export const isInteractive = (io: Io): boolean => io.stdin.isTTY === true && io.stdout.isTTY === true

/** Whether a line can be drawn over. */
export const canRedraw = (stream: TerminalOutput, env: Environment): boolean => stream.isTTY === true && env.TERM !== 'dumb'
