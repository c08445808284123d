/**
 * Syncthing with its defaults, without discovery, relays and updates: two running instances that are connected. The sharer has scanned its folder; the clock runs
 * from the receiver's taking the folder (until then paused) to the copy under its name, which Syncthing has brought to the disk.
 */
import { execFileSync } from 'node:child_process'
import { link, mkdir, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import type { Round } from '../throughput/contest.ts'
import { freePort, missing, toDisk, versionOf, watchTree } from './tool.ts'
import type { Neighbour } from './tool.ts'

const changed: Readonly<Record<string, string>> = {
  globalAnnounceEnabled: 'false', localAnnounceEnabled: 'false', relaysEnabled: 'false', natEnabled: 'false', crashReportingEnabled: 'false', startBrowser: 'false', urAccepted: '-1', autoUpgradeIntervalH: '0'
}

/** Its name is that of the folder, too. */
interface Instance { readonly home: string, readonly id: string, readonly key: string, readonly socket: string, readonly config: string }

const found = (pattern: RegExp, config: string): string => pattern.exec(config)?.[1] ?? ''

const generate = async (home: string): Promise<Instance> => {
  execFileSync('syncthing', ['generate', `--home=${home}`, '--no-default-folder', '--skip-port-probing'], { stdio: 'ignore' })
  const config = await readFile(join(home, 'config.xml'), 'utf8')
  return { home, config, id: found(/<device id="([^"]+)"/, config), key: found(/<apikey>([^<]+)</, config), socket: join(home, 'api') }
}

interface Setup { readonly other: Instance, readonly path: string, readonly listen: string, readonly dial: string, readonly isPaused: boolean }

const configure = async ({ home, id, socket, config }: Instance, { other, path, listen, dial, isPaused }: Setup): Promise<void> => {
  const values = Object.entries({ ...changed, listenAddress: listen })
  const text = values.reduce((sum, [name, value]) => sum.replace(new RegExp(`<${name}>[^<]*<`), `<${name}>${value}<`), config)
    .replace('<address>127.0.0.1:8384<', `<address>${socket}<`) // no other address of the file is that of its interface
    .replace(/<configuration[^>]*>/, `$&
      <folder id="bench" label="bench" path="${path}" type="sendreceive"><device id="${id}"/><device id="${other.id}"/><paused>${String(isPaused)}</paused></folder>
      <device id="${other.id}" name="other"><address>${dial}</address></device>`)
  await writeFile(join(home, 'config.xml'), text)
}

/** Its interface, by a socket that is a file: it is reached from outside of its network. */
const ask = (instance: Instance, path: string, method = 'GET', body?: unknown): Promise<unknown> => new Promise((resolve, reject) => {
  const asked = request({ socketPath: instance.socket, path, method, headers: { 'X-API-Key': instance.key } }, response => {
    let text = ''
    response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('error', reject).on('end', () => {
      if (response.statusCode === 200) resolve(text === '' ? undefined : JSON.parse(text))
      else reject(new Error(`Syncthing answered ${method} ${path} with ${String(response.statusCode)}: ${text}`))
    })
  })
  asked.on('error', reject)
  asked.end(body === undefined ? undefined : JSON.stringify(body))
})

/** Before the clock. */
const until = async (isSo: () => Promise<boolean>, { signal }: Round): Promise<void> => {
  while (!await isSo()) await after(50, undefined, { signal })
}

const answers = async (instance: Instance): Promise<boolean> => {
  try { await ask(instance, '/rest/system/ping'); return true } catch { return false } // it is not up yet
}

interface Event { readonly id: number, readonly type: string, readonly data: { readonly item?: string, readonly error?: unknown } }

const events = async (instance: Instance, since: number, timeout: number): Promise<readonly Event[]> =>
  await ask(instance, `/rest/events?events=ItemFinished&since=${since}&timeout=${timeout}`) as readonly Event[]

export const syncthing: Neighbour = {
  missing: missing('apt install syncthing', 'syncthing'),
  version: () => versionOf('syncthing', '--version'),
  contestant: {
    label: 'Syncthing', name: 'syncthing',
    async run (round) {
      const { file, bytes, folder, place, processes } = round
      const [from, to] = [join(folder, 'from'), join(folder, 'to')]
      for (const path of [folder, from, to, join(from, '.stfolder'), join(to, '.stfolder')]) await mkdir(path, { recursive: true })
      await link(file, join(from, 'random.bin')) // a folder with nothing else in it
      const [a, b] = [await generate(join(folder, 'a')), await generate(join(folder, 'b'))]
      const [atA, atB] = [await freePort(), await freePort()].map(port => `tcp://${place.host}:${port}`) as [string, string]
      await configure(a, { other: b, path: from, listen: atA, dial: atB, isPaused: false })
      await configure(b, { other: a, path: to, listen: atB, dial: atA, isPaused: true })
      const start = ({ home }: Instance, through: readonly string[]) => processes.start(['syncthing', 'serve', `--home=${home}`, '--no-browser', '--no-restart', '--no-upgrade'], { through })
      const [sharer, receiver] = [start(a, place.sharer), start(b, place.downloader)]
      await until(async () => await answers(a) && await answers(b), round)
      await until(async () => {
        const { localBytes, state } = await ask(a, '/rest/db/status?folder=bench') as { localBytes: number, state: string }
        const { connections } = await ask(b, '/rest/system/connections') as { connections: Readonly<Record<string, { connected: boolean } | undefined>> }
        return localBytes === bytes && state === 'idle' && connections[a.id]?.connected === true
      }, round)
      const seen = (await events(b, 0, 0)).at(-1)?.id ?? 0
      using ofSharer = watchTree(sharer.pid)
      using ofReceiver = watchTree(receiver.pid)
      const begun = performance.now()
      await ask(b, '/rest/config/folders/bench', 'PATCH', { paused: false })
      for (let last = seen, isThere = false; !isThere;) {
        for (const { id, data } of await events(b, last, 60)) {
          if (data.error != null) throw new Error(`Syncthing: ${JSON.stringify(data.error)}`)
          isThere ||= data.item === 'random.bin'
          last = id
        }
      }
      const used = { sharer: ofSharer.used(), downloader: ofReceiver.used() }
      const copy = join(to, 'random.bin')
      await toDisk(copy)
      return { seconds: (performance.now() - begun) / 1000, used, netBytes: used.downloader.netBytes, copy }
    }
  }
}
