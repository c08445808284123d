// A browser for the tests that need a real one. Installs Debian's where that can be done without asking: as root, with apt-get. Elsewhere those tests are skipped,
// and say why. Owns no test.
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const isProgram = (path) => { try { accessSync(path, constants.X_OK); return true } catch { return false } }
const find = (name) => (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, name)).find(isProgram)

const minutesMs = 5 * 60_000

/** Whether there is one now. */
export const ensureChromium = () => {
  if (['chromium', 'chromium-browser', 'google-chrome'].some(find)) return true
  const aptGet = find('apt-get')
  if (aptGet === undefined || process.getuid?.() !== 0) return false
  process.stderr.write('Installing chromium for the tests of the browser (once) ...\n')
  for (const args of [['update', '-qq'], ['install', '-y', '-qq', '--no-install-recommends', 'chromium']]) {
    const { status } = spawnSync(aptGet, args, { stdio: ['ignore', 2, 2], timeout: minutesMs, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
    if (status !== 0) process.stderr.write(`apt-get ${args[0]} did not succeed; its messages are above.\n`)
  }
  return find('chromium') !== undefined
}
