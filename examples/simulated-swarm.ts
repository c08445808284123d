/**
 * A swarm in virtual time: one sharer, eight downloaders, the same session as in a real peer, every message through the bytes of the wire. Prints how long two selectors take.
 * And the session alone, as a value: a fact goes in, orders come out. Run: `node examples/simulated-swarm.ts`
 */
import rarestFirst from 'shoal/plugins/selector-rarest-first'
import sequential from 'shoal/plugins/selector-sequential'
import type { ContentId, GroupId, PeerId } from 'shoal/plugin'
import { createSession, simulate } from 'shoal/sim'
import type { Input, Scenario } from 'shoal/sim'
import { createCodec } from 'shoal/wire'

const MiB = 2 ** 20
const context = { log: () => undefined }
const peers: Scenario['nodes'] = [{ name: 'sharer', seed: true, upBytesPerSecond: MiB }, ...Array.from({ length: 8 }, (_, i) => ({ name: `peer-${i}`, upBytesPerSecond: MiB }))]

for (const plugin of [rarestFirst(), sequential()]) {
  const selector = await plugin.create(context)
  const { nodes, endMs } = simulate({ nodes: peers, content: { length: 16 * MiB, pieceLength: MiB / 4 }, selector, seed: 1, codec: createCodec })
  const [sharer] = nodes
  process.stdout.write(`${plugin.name}: the last one has it after ${(endMs / 1000).toFixed(0)} s, the sharer sent ${((sharer?.sentBytes ?? 0) / 16 / MiB).toFixed(1)} copies\n`)
}

const [me, other] = ['me' as PeerId, 'other' as PeerId]
const [content, group] = ['c'.repeat(64) as ContentId, 'a'.repeat(64) as GroupId]
const session = createSession({ peer: me, seed: 1, selector: await rarestFirst().create(context) })
const facts: readonly Input[] = [
  { type: 'added', content, manifest: { format: 1, scheme: 'sha256', coding: 'none', root: '0'.repeat(64), length: MiB, pieceLength: MiB }, groups: [group], have: new Uint8Array(1), pages: new Uint8Array(1) },
  { type: 'credential', group, credential: new Uint8Array(1) },
  { type: 'sighted', content, group, peer: other }
]
for (const fact of facts) {
  session.handle(fact, 0)
  for (let order = session.poll(); order !== undefined; order = session.poll()) process.stdout.write(`${fact.type}: ${order.type}\n`)
}
