/** A selector of one's own: a video is fetched from its ends first, which players read first. Prints the order. Run: `node examples/own-selector.ts` */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createShoal, createTrackerService } from 'shoal'
import { definePlugin } from 'shoal/plugin'
import type { PieceIndex } from 'shoal/plugin'
import stateMemory from 'shoal/plugins/state-memory'
import trackerLocal from 'shoal/plugins/tracker-local'
import transportMemory from 'shoal/plugins/transport-memory'

const chosen: PieceIndex[] = []

const endsFirst = definePlugin('selector', 'ends-first', () => ({
  select (view, count) {
    const ends = [0, view.pieces - 1].filter(piece => view.isCandidate(piece))
    const best = [...new Set([...ends, ...view.byIndex()])].slice(0, count)
    chosen.push(...best)
    return best
  }
}))

const folder = await mkdtemp(join(tmpdir(), 'shoal-own-selector-'))
const state = await stateMemory().create({ log: () => undefined })
const service = await createTrackerService({ state })
const alice = await createShoal({ tracker: trackerLocal({ service }), use: [transportMemory()] })
const bob = await createShoal({ tracker: trackerLocal({ service }), use: [transportMemory(), endsFirst()] })
for (const [shoal, name] of [[alice, 'alice'], [bob, 'bob']] as const) {
  await shoal.createUser(name, 'secret')
  await shoal.login(name, 'secret')
}
await alice.createGroup('friends', { admission: 'open' })
await bob.joinGroup('friends')

await writeFile(join(folder, 'video'), new Uint8Array(8 * 16_384).map((_, i) => i / 1000))
await alice.share(join(folder, 'video'), 'friends', { pieceSize: 16_384 })
await (await bob.download('friends', 'video', `${folder}/fetched/`)).finished
process.stdout.write(`chosen in this order: ${[...new Set(chosen)].join(' ')}\n`)

await Promise.all([alice.stop(), bob.stop()])
await service.stop()
await rm(folder, { recursive: true })
