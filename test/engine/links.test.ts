import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import tcp from 'shoal/plugins/transport-tcp'
import { expect, it, onTestFinished } from 'vitest'
import type { Network, UserName } from '../../src/contract/index.ts'
import type { Input } from '../../src/core/io.ts'
import { createAddressBook } from '../../src/engine/address-book.ts'
import { createBlockPool } from '../../src/engine/block-pool.ts'
import { systemClock } from '../../src/engine/clock.ts'
import { createLinks } from '../../src/engine/links.ts'
import type { Links } from '../../src/engine/links.ts'
import { networkOf } from '../network/networks.ts'

const log = (): void => undefined

/** The links of one peer, and what the session is told. */
const linksOf = (network: Network, to: Network, address: string): { readonly links: Links, readonly told: Promise<Input>[] } => {
  const book = createAddressBook()
  book.note({ peer: to.peer, user: 'bob' as UserName, addresses: [address] })
  const next = [Promise.withResolvers<Input>(), Promise.withResolvers<Input>()]
  let count = 0
  const stopped = new AbortController()
  const links = createLinks({
    network, book, clock: systemClock, blocks: createBlockPool(), agent: 'test', isMeasured: false, stopped: stopped.signal, log, event: log,
    view: { links: [], transfer: () => undefined, transfers: [] } as never,
    input (input) { next[count++]?.resolve(input) }
  })
  network.accept(link => { links.meet(link) })
  onTestFinished(async () => { stopped.abort(); links.stop(); await network.stop() })
  return { links, told: next.map(({ promise }) => promise) }
}

it('a dial that is under way ends when the same peer has opened a link to us', { timeout: 10_000 }, async () => {
  const silent = createServer()
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  onTestFinished(() => { silent.close() })
  const [near, far] = [await networkOf(await tcp().create({ log })), await networkOf(await tcp().create({ log }))]
  const ann = linksOf(near, far, `/ip4/127.0.0.1/tcp/${(silent.address() as AddressInfo).port}`)
  const bob = linksOf(far, near, near.addresses()[0] ?? '')
  const dialed = once(silent, 'connection') as Promise<[Socket]>
  void ann.links.dial(far.peer)
  const [socket] = await dialed
  const cut = new Promise<void>(resolve => { socket.resume().on('error', log).on('close', () => { resolve() }) })
  const from = performance.now()
  await bob.links.dial(near.peer)
  expect(await ann.told[0]).toMatchObject({ type: 'linked', peer: far.peer, inbound: true })
  await cut
  expect(await ann.told[1]).toEqual({ type: 'undialed', peer: far.peer })
  expect(performance.now() - from).toBeLessThan(4_000) // by itself it would wait 5 s for an answer
})
