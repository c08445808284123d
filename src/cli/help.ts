/** Help texts, made of the table: of the shell and of one command. Lines without the line break. */
import type { Command } from './command.ts'
import { shortForm, synopsis } from './grammar.ts'
import type { Grammar, Option } from './grammar.ts'

const indented = (rows: readonly (readonly [string, string])[]): readonly string[] => {
  const width = Math.min(36, Math.max(0, ...rows.map(([left]) => left.length)))
  return rows.flatMap(([left, right]) => left.length > width ? [`  ${left}`, `  ${' '.repeat(width)}  ${right}`] : [`  ${left.padEnd(width)}  ${right}`])
}

const optionRows = (options: readonly Option[]): readonly string[] =>
  indented(options.map(option => [option.value === undefined ? option.name : `${option.name} ${option.value}`, option.summary]))

export const commandList = (commands: readonly Grammar[]): readonly string[] => indented(commands.map(command => [shortForm(command), command.summary]))

export const shellHelp = (commands: readonly Command[]): readonly string[] => [
  'Commands. `help COMMAND` shows more of one.',
  ...commandList(commands),
  'Quote names that contain spaces: \'my file.txt\', "my file.txt" or my\\ file.txt; ~/ is your home folder. A line that begins with # does nothing.',
  'Sharing goes on while this shell is open. Closing it stops it; login resumes it.'
]

/** @param name what it is called where this is read, such as `shoal get` */
export const commandHelp = (grammar: Grammar, name = grammar.name): readonly string[] => [
  synopsis(grammar, name),
  `  ${grammar.summary}`,
  ...(grammar.details ?? []).map(line => `  ${line}`),
  ...grammar.options === undefined ? [] : optionRows(grammar.options),
  ...grammar.aliases === undefined ? [] : [`  also: ${grammar.aliases.join(', ')}`]
]
