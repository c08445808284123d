/** The one table of commands, in the order of `help`. */
import type { Command } from '../command.ts'
import { account } from './account.ts'
import { downloads } from './downloads.ts'
import { files } from './files.ts'
import { groups } from './groups.ts'
import { peers } from './peers.ts'
import { session } from './session.ts'

export const commands: readonly Command[] = [...account, ...groups, ...files, ...downloads, ...peers, ...session]
