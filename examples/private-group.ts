/**
 * A peer against a real tracker, watching what happens. Run: `node examples/private-group.ts URL USER PASSWORD GROUP [FILE]`, with the URL that
 * `bin/shoal tracker` prints. With FILE it shares it and stays until Ctrl-C; without, it fetches every file of the group, then ends.
 */
import { createShoal, isHash } from 'shoal'
import type { RealmPin, ShoalEvent } from 'shoal'
import trackerHttp from 'shoal/plugins/tracker-http'

const [url, user, password, group, file] = process.argv.slice(2)
if (url === undefined || user === undefined || password === undefined || group === undefined) {
  process.stderr.write('private-group.ts URL USER PASSWORD GROUP [FILE]\n')
  process.exit(2)
}
const { hostname, port, hash } = new URL(url)
const pin = hash.replace('#sha256=', '')
if (!isHash(pin)) throw new Error('The URL carries no pin: give it as the tracker printed it.')

const shoal = await createShoal({ tracker: trackerHttp({ where: { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || 443 }, pin: pin as RealmPin }) })
const tell = (event: ShoalEvent): void => { process.stderr.write(`${JSON.stringify(event)}\n`) }
const watching = (async () => { for await (const event of shoal.events()) tell(event) })()

await shoal.login(user, password)
if (file !== undefined) {
  const { name, root } = await shoal.share(file, group)
  process.stdout.write(`sharing ${name} ${root}\n`)
  await new Promise<void>(resolve => { process.once('SIGINT', resolve); process.once('SIGTERM', resolve) })
} else {
  for await (const { name } of shoal.listFiles(group)) {
    const download = await shoal.download(group, name, './')
    process.stdout.write(`fetched ${await download.finished}\n`)
  }
}
await shoal.stop()
await watching
