/** scp, and rsync over ssh: with AES-GCM, a server of their own, keys of their own. The clock runs from the command to the file on disk. */
import { execFileSync } from 'node:child_process'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { userInfo } from 'node:os'
import type { Running } from '../../drive/processes.ts'
import type { Round, Timed } from '../throughput/contest.ts'
import { freePort, missing, programPath, toDisk, versionOf, watchTree } from './tool.ts'
import type { Neighbour } from './tool.ts'

const cipher = 'aes128-gcm@openssh.com'

interface Server { readonly running: Running, readonly port: number, readonly options: readonly string[] }

const startServer = async ({ folder, place, processes }: Round): Promise<Server> => {
  await mkdir(folder, { recursive: true })
  const [host, user] = [join(folder, 'host-key'), join(folder, 'user-key')]
  for (const key of [host, user]) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  await copyFile(`${user}.pub`, join(folder, 'authorized'))
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true })
  const port = await freePort()
  const set = ['PidFile=none', 'UsePAM=no', 'StrictModes=no', 'PermitRootLogin=yes', `AuthorizedKeysFile=${join(folder, 'authorized')}`, 'Subsystem=sftp internal-sftp', `ListenAddress=${place.host}`]
  const running = processes.start([programPath('sshd') ?? 'sshd', '-D', '-e', '-f', '/dev/null', '-p', String(port), '-h', host, ...set.flatMap(option => ['-o', option])], { through: place.sharer })
  await running.note(/listening on/)
  return { running, port, options: ['-i', user, '-c', cipher, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', '-F', '/dev/null'] }
}

const timed = async (round: Round, command: (server: Server, copy: string) => readonly string[]): Promise<Timed> => {
  const server = await startServer(round)
  const copy = join(round.folder, 'copy')
  using ofServer = watchTree(server.running.pid)
  const from = performance.now()
  const client = round.processes.start(command(server, copy), { through: round.place.downloader })
  using ofClient = watchTree(client.pid)
  const status = await client.ended
  if (status !== 0) throw new Error(`${command(server, copy)[0] ?? ''} ended with ${String(status)}.`)
  const used = { sharer: ofServer.used(), downloader: ofClient.used() }
  await toDisk(copy)
  return { seconds: (performance.now() - from) / 1000, used, netBytes: used.sharer.netBytes, copy }
}

const toGet = 'apt install openssh-client openssh-server rsync'

const { username } = userInfo()

export const scp: Neighbour = {
  missing: missing(toGet, 'scp', 'sshd', 'ssh-keygen'),
  version: () => versionOf('ssh', '-V'),
  contestant: {
    label: `scp -c ${cipher}`, name: 'scp',
    run: round => timed(round, ({ port, options }, copy) => ['scp', '-q', '-P', String(port), ...options, `${username}@${round.place.host}:${round.file}`, copy])
  }
}

export const rsync: Neighbour = {
  missing: missing(toGet, 'rsync', 'ssh', 'sshd', 'ssh-keygen'),
  version: () => versionOf('rsync', '--version'),
  contestant: {
    label: `rsync over ssh -c ${cipher}`, name: 'rsync',
    run: round => timed(round, ({ port, options }, copy) => ['rsync', '-e', `ssh -p ${port} ${options.join(' ')}`, `${username}@${round.place.host}:${round.file}`, copy])
  }
}
