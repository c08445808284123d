/** Networks that break the contract in one way each, around a sound one: what the transport suite must notice. */
import type { Link, LinkHandlers, Network } from '../../src/contract/index.ts'

const linkWith = (inner: Link, changes: Partial<Link>): Link => ({
  peer: inner.peer, transport: inner.transport, address: inner.address, inbound: inner.inbound,
  get unsentBytes () { return inner.unsentBytes },
  send: parts => inner.send(parts),
  listen (handlers) { inner.listen(handlers) },
  pause () { inner.pause() },
  resume () { inner.resume() },
  close: signal => inner.close(signal),
  abort (reason) { inner.abort(reason) },
  ...changes
})

const hearing = (change: (handlers: LinkHandlers, inner: Link) => Partial<LinkHandlers>) => (inner: Link): Link =>
  linkWith(inner, {
    listen (handlers) {
      inner.listen({
        data (chunk) { handlers.data(chunk) },
        drained () { handlers.drained() },
        closed (error) { handlers.closed(error) },
        ...change(handlers, inner)
      })
    }
  })

const linking = (change: (inner: Link) => Link) => (inner: Network): Network => ({
  ...inner,
  dial: async (peer, addresses, signal) => change(await inner.dial(peer, addresses, signal)),
  accept (handler) { inner.accept(link => { handler(change(link)) }) }
})

const everySeventh = (): () => boolean => {
  let count = 0
  return () => ++count % 7 === 0
}

/** Which network really is at an address. */
const residents = new Map<string, Network>()

export interface Break {
  /** Part of the names of the cases that must fail, all of them. */
  readonly noticed: string
  broken (inner: Network): Network
}

export const breaks: Readonly<Record<string, Break>> = {
  'bytes are lost': {
    noticed: 'bytes of every size',
    broken: linking(hearing(handlers => {
      const drop = everySeventh()
      return { data (chunk) { if (!drop()) handlers.data(chunk) } }
    }))
  },
  'bytes come late': {
    noticed: 'bytes of every size',
    broken: linking(hearing(handlers => {
      const delay = everySeventh()
      return { data (chunk) { if (delay()) setTimeout(() => { handlers.data(chunk) }, 1); else handlers.data(chunk) } }
    }))
  },
  'empty parts end a send': {
    noticed: 'several parts',
    broken: linking(inner => linkWith(inner, { send: parts => inner.send(parts.slice(0, parts.findIndex(part => part.byteLength === 0))) }))
  },
  'a reader cannot stop': {
    noticed: 'a reader that stops',
    broken: linking(inner => linkWith(inner, { pause () { /* reads on */ } }))
  },
  'a sender is never told to wait': {
    noticed: 'a reader that stops makes',
    broken: linking(inner => linkWith(inner, { send (parts) { inner.send(parts); return true } }))
  },
  'the send queue never drains': {
    noticed: 'a reader that stops makes',
    broken: linking(hearing(() => ({ drained () { /* told to nobody */ } })))
  },
  'bytes before the listener are lost': {
    noticed: 'before anybody listened',
    broken: linking(inner => {
      const early: LinkHandlers[] = []
      if (inner.inbound) inner.listen({ data (chunk) { early[0]?.data(chunk) }, drained () {}, closed (error) { early[0]?.closed(error) } })
      return inner.inbound ? linkWith(inner, { listen (handlers) { early.push(handlers) } }) : inner
    })
  },
  'closing drops the queue': {
    noticed: 'closing delivers everything',
    broken: linking(inner => linkWith(inner, { close () { inner.abort(new Error('Closed.')); return Promise.resolve() } }))
  },
  'closing waits for ever': {
    noticed: 'cut short by its signal',
    broken: linking(inner => linkWith(inner, { close: () => inner.close(new AbortController().signal) }))
  },
  'the end is told twice': {
    noticed: 'an abort is told',
    broken: linking(hearing(handlers => ({ closed (error) { handlers.closed(error); handlers.closed(error) } })))
  },
  'an abort looks like a clean end': {
    noticed: 'an abort is told',
    broken: linking(hearing(handlers => ({ closed () { handlers.closed(undefined) } })))
  },
  'links are misnamed': {
    noticed: 'a link tells its transport',
    broken: linking(inner => linkWith(inner, { transport: 'pigeon' }))
  },
  'any identity is believed': {
    noticed: 'proves another identity',
    broken (inner) {
      for (const address of inner.addresses()) residents.set(address, inner)
      return { ...inner, dial: (peer, addresses, signal) => inner.dial(residents.get(addresses[0] ?? '')?.peer ?? peer, addresses, signal) }
    }
  },
  'bad addresses are thrown out of': {
    noticed: 'garbage',
    broken: inner => ({
      ...inner,
      async dial (peer, addresses, signal) {
        if (addresses.includes('garbage')) throw new RangeError('Not an address.')
        return inner.dial(peer, addresses, signal)
      }
    })
  },
  'a dial ignores its signal': {
    noticed: 'a dial that was aborted',
    broken: inner => ({ ...inner, dial: (peer, addresses) => inner.dial(peer, addresses, new AbortController().signal) })
  },
  'early links are dropped': {
    noticed: 'came before anybody accepted',
    broken (inner) {
      let handler: ((link: Link) => void) | undefined
      inner.accept(link => { if (handler === undefined) link.abort(new Error('Nobody there.')); else handler(link) })
      return { ...inner, accept (given) { handler = given } }
    }
  },
  'stop leaves all open': {
    noticed: 'leave nothing open',
    broken: inner => ({ ...inner, stop: () => Promise.resolve() })
  },
  'the death of a peer looks like a clean end': {
    noticed: 'a peer that is killed',
    broken: linking(hearing(handlers => ({ closed () { handlers.closed(undefined) } })))
  },
  'the death of a peer is not told': {
    noticed: 'a peer that is killed',
    broken: linking(hearing(() => ({ closed () { /* told to nobody */ } })))
  },
  'stop leaves links open': {
    noticed: 'stop ends every link',
    broken: inner => ({ ...inner, stop: () => Promise.resolve() })
  }
}
