/** What a command is. The table of all of them is commands/index.ts; the shell and the command line are two faces of it. */
import type { Shoal } from '../contract/index.ts'
import type { Arguments, Grammar } from './grammar.ts'

/** Text as it came from somebody, to be escaped when printed; or words quoted already so that the shell reads them back. */
export type Field = string | { readonly words: string }

/** One record of a list: as fields, the name first, and as JSON. */
export interface Row { readonly fields: readonly Field[], readonly json: unknown }

export type Result =
  | { readonly type: 'list', readonly columns: readonly string[], readonly rows: Iterable<Row> | AsyncIterable<Row> }
  | { readonly type: 'record', readonly row: Row }
  /** Our own words. */
  | { readonly type: 'text', readonly lines: readonly string[], readonly json: unknown }

/** Where a command is typed, as far as commands may know. */
export interface Face {
  /** A line beside the result. */
  note (text: string): void
  /** How far it is; undefined: no longer of interest. */
  progress (text: string | undefined): void
  /** Asks without echo. Absent where nobody can be asked. */
  readonly askSecret?: (question: string) => Promise<string>
}

export interface Context {
  readonly shoal: Shoal
  readonly args: Arguments
  readonly signal: AbortSignal
  readonly face: Face
  readonly commands: readonly Command[]
}

export interface Command extends Grammar {
  /** Whether it needs a user who is logged in. @default true */
  readonly login?: boolean
  /** Whether the shell ends after it. @default false */
  readonly ends?: boolean
  /** Whether the command line of the system has it too, as `shoal NAME`, and what follows it there; none: the shell only. */
  readonly alone?: 'done' | 'stay until interrupted' | 'wait for the download'
  run (context: Context): Promise<Result | undefined> | Result | undefined
}

/** `list-files` is `list_files`. */
export const findCommand = (commands: readonly Command[], typed: string): Command | undefined => {
  const name = typed.replaceAll('-', '_')
  return commands.find(command => command.name === name || command.aliases?.includes(name) === true)
}

export const commandNames = (commands: readonly Command[]): readonly string[] => commands.flatMap(command => [command.name, ...command.aliases ?? []])
