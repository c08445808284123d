/** What the command line of the system has beside the commands of the shell: `tracker` and `peer`. Loaded when they run, so that help is quick. */
import type { Arguments, Grammar } from './grammar.ts'
import type { Io } from './io.ts'
import type { Ending } from './signals.ts'

export interface Subcommand extends Grammar {
  /** @returns the exit status */
  run (args: Arguments, io: Io, ending: Ending): Promise<number>
}
