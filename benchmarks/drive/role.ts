/** A role of role.ts as a process of its own: told what to do by its arguments, answers in lines of JSON. */
import { roleProgram } from '../package-folder.ts'
import type { Processes, Running } from './processes.ts'

export interface Role extends Running {
  /** The next answer. What it holds is the role's. */
  answer (): Promise<Readonly<Record<string, unknown>>>
}

export interface RoleOptions { readonly through?: readonly string[], readonly nodeFlags?: readonly string[] }

export const startRole = (processes: Processes, name: string, options: Readonly<Record<string, unknown>>, { through = [], nodeFlags = [] }: RoleOptions = {}): Role => {
  const running = processes.start([process.execPath, ...nodeFlags, roleProgram, name, JSON.stringify(options)], { through })
  return {
    ...running,
    async answer () {
      const parsed: unknown = JSON.parse(await running.line())
      if (typeof parsed !== 'object' || parsed === null) throw new Error(`The role ${name} gave no answer.`)
      return { ...parsed }
    }
  }
}
