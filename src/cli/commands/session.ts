/** Commands about the shell itself. */
import { ShoalError } from '../../contract/index.ts'
import { commandNames, findCommand } from '../command.ts'
import type { Command } from '../command.ts'
import { commandHelp, shellHelp } from '../help.ts'
import { didYouMean } from '../suggest.ts'

export const session: readonly Command[] = [
  {
    name: 'help',
    arguments: [{ name: 'COMMAND', kind: 'command', optional: true }],
    summary: 'lists the commands, or explains one',
    login: false,
    run: ({ args, commands }) => {
      const name = args.maybe('COMMAND')
      if (name === undefined) return { type: 'text', lines: shellHelp(commands), json: commands.map(({ name, summary }) => ({ name, summary })) }
      const command = findCommand(commands, name)
      if (command === undefined) {
        throw new ShoalError('UNKNOWN_COMMAND', `There is no command "${name}".${didYouMean(name, commandNames(commands))} Type help for the list.`)
      }
      return { type: 'text', lines: commandHelp(command), json: { name: command.name, summary: command.summary, help: commandHelp(command) } }
    }
  },
  {
    name: 'quit',
    aliases: ['exit'],
    arguments: [],
    summary: 'ends the peer: sharing stops, unfinished downloads are kept',
    login: false,
    ends: true,
    run: () => undefined
  }
]
