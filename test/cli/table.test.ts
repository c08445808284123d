import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { commandNames, findCommand } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands/index.ts'
import { paceOf, senders } from '../../src/cli/commands/downloads.ts'
import { commandHelp, shellHelp } from '../../src/cli/help.ts'
import { subcommands } from '../../src/cli/subcommands.ts'
import type { DownloadStatus } from '../../src/contract/index.ts'

/** The commands that users were promised, with their required words. */
const promised = [
  'create_user USER PASSWORD', 'login USER PASSWORD', 'logout', 'create_group GROUP', 'list_groups', 'join_group GROUP', 'leave_group GROUP', 'list_requests GROUP',
  'accept_request GROUP USER', 'reject_request GROUP USER', 'remove_member GROUP USER', 'upload_file PATH GROUP', 'list_files GROUP', 'download_file GROUP FILE DESTINATION',
  'cancel_download GROUP FILE', 'show_downloads', 'stop_share GROUP FILE', 'list_peers', 'whoami', 'help', 'quit'
]

describe('the table of commands', () => {
  it.each(promised)('has %s', line => {
    const [name = '', ...words] = line.split(' ')
    const command = findCommand(commands, name)
    expect(command?.name).toBe(name)
    const own = (command?.arguments ?? []).filter(argument => argument.optional !== true || argument.kind === 'password').map(argument => argument.name)
    expect(own).toEqual(words)
  })

  it('says of each what it does, and needs no name twice', () => {
    expect(commands.filter(({ summary }) => !/^[a-z].*[^.]$/.test(summary)).map(({ name }) => name)).toEqual([])
    const names = commandNames(commands)
    expect(new Set(names).size).toBe(names.length)
    const help = shellHelp(commands).join('\n')
    for (const { name } of commands) expect(help).toMatch(new RegExp(`^  ${name}\\b`, 'm'))
  })

  it('names an option once, and explains each', () => {
    for (const grammar of [...commands, ...subcommands]) {
      const options = (grammar.options ?? []).map(({ name }) => name)
      expect(new Set(options).size).toBe(options.length)
      const help = commandHelp(grammar).join('\n')
      for (const option of options) expect(help).toMatch(new RegExp(`^  ${option}\\b`, 'm'))
    }
  })

  it('takes optional arguments last', () => {
    for (const grammar of [...commands, ...subcommands]) {
      const optional = grammar.arguments.map(argument => argument.optional === true)
      expect(optional).toEqual(optional.toSorted())
    }
  })

  it('understands dashes for underscores', () => { expect(findCommand(commands, 'list-files')?.name).toBe('list_files') })
})

describe('a download', () => {
  const status = (fields: Partial<DownloadStatus>): DownloadStatus => ({
    group: 'g', name: 'f', content: '', path: '/f', state: 'running', length: 100, haveBytes: 0, fetchedBytes: 0, resumedBytes: 0, hashedBytes: 0, wastedBytes: 0,
    bytesByPeer: [], rate: 0, sources: 0, transports: [], startedAt: 0, ...fields
  } as DownloadStatus)

  it.each<[Partial<DownloadStatus>, string]>([
    [{ rate: 1_500_000, sources: 2 }, '1.5 MB/s'],
    [{ sources: 1 }, '0 B/s'],
    [{}, 'waiting for a source'],
    [{ waiting: 'waiting for a source: shared by bob (away)' }, 'waiting for a source: shared by bob (away)'],
    [{ waiting: 'waiting: the disk is full (STORAGE_FULL). Free space', sources: 1, rate: 5 }, 'waiting: the disk is full (STORAGE_FULL). Free space']
  ])('%j shows %s', (fields, pace) => { expect(paceOf(status(fields))).toBe(pace) })

  it('tells devices of one user apart', () => {
    const sender = (user: string | undefined, peer: string, bytes: number): DownloadStatus['bytesByPeer'][number] => ({ user, peer, bytes, transport: 'tcp' } as DownloadStatus['bytesByPeer'][number])
    expect(senders([sender('bob', 'p1', 5), sender('ann', 'p2', 6)])).toBe('bob:5,ann:6')
    expect(senders([sender('bob', 'p1', 5), sender('bob', 'p2', 6), sender(undefined, 'p3', 7)])).toBe('bob/p1:5,bob/p2:6,p3:7')
    expect(senders([])).toBe('-')
  })
})

describe('shoal --help', () => {
  it('loads no package: nothing that it needs imports one', () => {
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const packages: string[] = []
    const seen = new Set<string>()
    const follow = (path: string): void => {
      if (seen.has(path)) return
      seen.add(path)
      // types are gone before anything is loaded; import(…) is loaded when it is run
      for (const [, name = ''] of readFileSync(path, 'utf8').matchAll(/^(?:import|export)\s+(?!type\b)[^'"]*?from\s+'([^']+)'/gm)) {
        if (name.startsWith('.')) follow(resolve(dirname(path), name))
        else if (!name.startsWith('node:')) packages.push(`${relative(root, path)} -> ${name}`)
      }
    }
    follow(fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url)))
    follow(fileURLToPath(new URL('../../src/cli/program.ts', import.meta.url)))
    expect(seen.size).toBeGreaterThan(10)
    expect(packages.filter(line => !line.endsWith('-> it-pipe'))).toEqual([])
  })
})
