import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { root } from '../house/tree.ts'

const folder = async (): Promise<string> => {
  const made = await mkdtemp(join(tmpdir(), 'shoal-interrupt-'))
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  return made
}

/** Processes that were started with that folder for temporary files. */
const runningIn = async (folder: string): Promise<readonly string[]> => {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const found = await Promise.all(pids.map(async pid => {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '') // gone, or another user's
    return environment.includes(`TMPDIR=${folder}`) ? [pid] : []
  }))
  return found.flat()
}

const namespaces = async (): Promise<readonly string[]> => (await readdir('/run/netns').catch(() => [])).filter(name => name.startsWith('shoal-bench-'))

describe.runIf(process.platform === 'linux')('Ctrl-C', () => {
  it.each([
    ['throughput while a file moves', ['throughput', '--transport', 'tcp', '--sizes', '64MiB', '--runs', '50', '--delays', 'none'], /tcp\/64MiB\/net: run 1 of/],
    ['selectors in the midst of swarms', ['selectors', '--quick'], /run 1 of/]
  ])('ends %s with 130, and nothing of it is left', async (_, words, line) => {
    const [temporary, results] = [await folder(), await folder()]
    const bench = spawn(join(root, 'bin/shoal'), ['bench', ...words, '--results', results], { env: { ...process.env, TMPDIR: temporary }, stdio: ['ignore', 'ignore', 'pipe'] })
    onTestFinished(() => { bench.kill('SIGKILL') })
    const lines: string[] = []
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: bench.stderr }).on('line', text => { lines.push(text); if (line.test(text)) resolve() }).on('close', () => { reject(new Error(lines.join('\n'))) })
    })
    const own = new Set(await readdir(temporary))
    const before = await runningIn(temporary)
    expect(before.length).toBeGreaterThan(1)
    expect(own.size).toBe(1)
    const mine = (await namespaces()).filter(name => before.some(pid => name.startsWith(`shoal-bench-${pid}-`)))
    bench.kill('SIGINT')
    const [status] = await once(bench, 'exit') as [number | null]
    expect(status).toBe(130)
    expect(lines.at(-1)).toBe('bench: interrupted')
    expect(await readdir(temporary)).toEqual([])
    expect(await runningIn(temporary)).toEqual([])
    expect((await namespaces()).filter(name => mine.includes(name))).toEqual([])
    expect(await readdir(results)).toEqual([])
  })
})
