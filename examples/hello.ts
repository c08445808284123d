/** Two peers in one process: one shares a file with a group, the other fetches it. Run: `node examples/hello.ts` */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createShoal, createTrackerService } from 'shoal'
import stateMemory from 'shoal/plugins/state-memory'
import trackerLocal from 'shoal/plugins/tracker-local'
import transportMemory from 'shoal/plugins/transport-memory'

const folder = await mkdtemp(join(tmpdir(), 'shoal-hello-'))
const state = await stateMemory().create({ log: () => undefined })
const service = await createTrackerService({ state })
const peer = (): ReturnType<typeof createShoal> => createShoal({ tracker: trackerLocal({ service }), use: [transportMemory()] })
const [alice, bob] = await Promise.all([peer(), peer()])

await alice.createUser('alice', 'secret')
await alice.login('alice', 'secret')
await alice.createGroup('friends')
await writeFile(join(folder, 'hello.txt'), 'Hello, shoal!\n')
await alice.share(join(folder, 'hello.txt'), 'friends')

await bob.createUser('bob', 'hidden')
await bob.login('bob', 'hidden')
await bob.joinGroup('friends')
await alice.acceptRequest('friends', 'bob')

const download = await bob.download('friends', 'hello.txt', `${folder}/fetched/`)
const path = await download.finished
const { bytesByPeer } = download.status()
process.stdout.write(`${await readFile(path, 'utf8')}from ${bytesByPeer.map(({ user, transport, bytes }) => `${user ?? 'somebody'}: ${bytes} bytes over ${transport}`).join(', ')}\n`)

await Promise.all([alice.stop(), bob.stop()])
await service.stop()
await rm(folder, { recursive: true })
