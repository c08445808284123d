/** Where the durable files lie: XDG folders, or all below SHOAL_HOME. Makes them for their owner alone; what is in them belongs to others. */
import { chmod } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { ShoalError } from '../contract/index.ts'
import { makeFolder } from '../make-folder.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Home {
  /** Keys, database, records: what must survive. */
  readonly data: string
  /** What was typed: nice to keep. */
  readonly state: string
}

/** The user's own folder: what `~` means. */
export const userFolder = (env: Environment): string => env.HOME === undefined || env.HOME === '' ? homedir() : env.HOME

/** The XDG specification: a relative path in these variables is to be ignored. */
const xdg = (env: Environment, variable: string, fallback: string): string => {
  const folder = env[variable]
  return join(folder !== undefined && isAbsolute(folder) ? folder : join(userFolder(env), fallback), 'shoal')
}

export const homeOf = (role: 'peer' | 'tracker' | 'relay', env: Environment): Home => {
  const own = env.SHOAL_HOME
  if (own !== undefined && own !== '') {
    const folder = join(resolve(own), role)
    return { data: folder, state: folder }
  }
  return { data: join(xdg(env, 'XDG_DATA_HOME', '.local/share'), role), state: join(xdg(env, 'XDG_STATE_HOME', '.local/state'), role) }
}

/** Where the configuration lies, if there is one. */
export const configFileOf = (env: Environment): string => {
  const own = env.SHOAL_HOME
  return join(own !== undefined && own !== '' ? resolve(own) : xdg(env, 'XDG_CONFIG_HOME', '.config'), 'config.json')
}

/** @throws ShoalError STATE_FAILED */
export const makeHome = async (home: Home): Promise<void> => {
  for (const folder of new Set([home.data, home.state])) {
    try {
      await makeFolder(folder, 0o700)
      await chmod(folder, 0o700)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new ShoalError('STATE_FAILED', `Cannot use the folder ${folder}: ${why}. Check its permissions, or set SHOAL_HOME to a folder of yours.`, { cause })
    }
  }
}
