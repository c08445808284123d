/** Checks the options of a plugin: unknown names are refused, numbers must be in range. Options may come as text, from `--integrity sha256?threads=2`. */
import { ShoalError } from '../contract/index.ts'

/** @param plugin as users know it, such as `storage-file` */
export const knownOptions = (plugin: string, options: object, names: readonly string[]): void => {
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue
    throw new ShoalError('BAD_OPTION', `${plugin} has no option ${JSON.stringify(name)}. It has: ${names.join(', ')}.`)
  }
}

export const integerOption = (plugin: string, name: string, value: unknown, range: { readonly min: number, readonly max: number, readonly otherwise: number }): number => {
  if (value === undefined) return range.otherwise
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= range.min && number <= range.max) return number
  throw new ShoalError('BAD_OPTION', `The option ${name} of ${plugin} cannot be ${JSON.stringify(value)}. Choose a whole number of ${range.min} … ${range.max}.`)
}
