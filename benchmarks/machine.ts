/** What the figures were taken on, and when. */
import { execFileSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { cpus, loadavg, release, totalmem, tmpdir, type } from 'node:os'
import { packageFolder } from './package-folder.ts'

export interface Machine {
  readonly date: string
  readonly commit: string
  readonly cpu: string
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  readonly fileSystem: string
  /** Runnable processes over the last minute, when the run began. */
  readonly load: number
}

const commit = (): string => {
  try {
    const git = (...args: string[]): string => execFileSync('git', ['-C', packageFolder, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    return `${git('rev-parse', '--short=10', 'HEAD')}${git('status', '--porcelain', '--', 'src', 'plugins', 'benchmarks') === '' ? '' : ' with changes'}`
  } catch { return 'not a checkout' } // installed from a package
}

/** The magic numbers of statfs(2), of those that are likely here. */
const fileSystems: Readonly<Record<number, string>> = { 0xef53: 'ext4', 0x01021994: 'tmpfs', 0x58465342: 'xfs', 0x9123683e: 'btrfs', 0x794c7630: 'overlay' }

const fileSystem = (): string => {
  const kind = statfsSync(tmpdir()).type
  return fileSystems[kind] ?? `0x${kind.toString(16)}`
}

export const machine = (): Machine => ({
  date: new Date().toISOString().slice(0, 16).replace('T', ' '), commit: commit(), cpu: `${cpus()[0]?.model.trim() ?? 'unknown CPU'} x ${cpus().length}`,
  memoryGiB: Math.round(totalmem() / 2 ** 30), system: `${type()} ${release()}`, node: process.version, fileSystem: fileSystem(), load: loadavg()[0] ?? 0
})

export const machineLine = ({ date, commit, cpu, memoryGiB, system, node, fileSystem, load }: Machine): string =>
  `${date} UTC, commit ${commit}, ${cpu}, ${memoryGiB} GiB, ${system}, Node ${node}, ${fileSystem}, load ${load.toFixed(1)} at the start`
