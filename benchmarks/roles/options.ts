/** What a role was told, read back from JSON. */
import type { RoleOptions } from '../role.ts'

export const textOf = (options: RoleOptions, name: string): string => {
  const value = options[name]
  if (typeof value !== 'string') throw new Error(`A role needs the option ${name}.`)
  return value
}

export const numberOf = (options: RoleOptions, name: string): number => {
  const value = options[name]
  if (typeof value !== 'number') throw new Error(`A role needs the option ${name}.`)
  return value
}
