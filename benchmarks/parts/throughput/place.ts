/**
 * Where two processes of one machine meet. On one loopback, of their own where that can be made, so that its counter counts their bytes alone; or in networks of their
 * own, through a line of 100 Mbit/s that delays: by netem where the kernel has it, else by a relay.
 */
import { networkInterfaces } from 'node:os'
import type { Processes } from '../../drive/processes.ts'
import { startRole } from '../../drive/role.ts'
import { canDelay, createNamespaces, whyNoNamespaces } from '../../namespaces.ts'

/** What starts a program somewhere: `ip netns exec NAME`. */
export type Through = readonly string[]

export interface Place extends AsyncDisposable {
  readonly sharer: Through
  readonly downloader: Through
  readonly tracker: Through
  /** Where the tracker listens. */
  readonly trackerHost: string
  /** Where the sharer listens; port 0: a free one. */
  readonly host: string
  /** Of the sharer's machine, and not of 127.0.0.0/8, where there is one. */
  readonly ownAddress: string
  readonly port: number
  /** What the downloader dials in place of that host. */
  readonly dialHost?: string
  /** For the table. */
  readonly note: string
}

const loopback = '127.0.0.1'

const ownAddress = (): string => Object.values(networkInterfaces()).flatMap(all => all ?? []).find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? loopback

export const onLoopback = (): Place => {
  const common = { trackerHost: loopback, host: loopback, port: 0, ownAddress: ownAddress() }
  const why = whyNoNamespaces()
  if (why !== undefined) {
    return {
      ...common, sharer: [], downloader: [], tracker: [], note: `Over the machine's loopback, whose counter others raise, too (${why}).`,
      [Symbol.asyncDispose]: () => Promise.resolve()
    }
  }
  const namespaces = createNamespaces()
  const { through, run } = namespaces.space('loop')
  run('ip', 'address', 'add', '10.77.3.1/32', 'dev', 'lo')
  return {
    ...common, ownAddress: '10.77.3.1', sharer: through, downloader: through, tracker: through,
    note: 'Over the loopback of a network namespace of their own: its counter must have risen by the size of the file at least.',
    [Symbol.asyncDispose] () { namespaces.removeAll(); return Promise.resolve() }
  }
}

const port = 7001

/** @param delayMs there and back @throws where there can be no namespaces: ask whyNoNamespaces('tc') before */
export const onLine = async (processes: Processes, rate: string, delayMs: number): Promise<Place> => {
  const namespaces = createNamespaces()
  const dispose = (): Promise<void> => { namespaces.removeAll(); return Promise.resolve() }
  try {
    const [far, wire, near] = [namespaces.space('far'), namespaces.space('wire'), namespaces.space('near')]
    const isDelayedByKernel = delayMs > 0 && canDelay(wire)
    const isRelayed = delayMs > 0 && !isDelayedByKernel
    namespaces.cable(wire, far, '10.77.1', { rate })
    namespaces.cable(wire, near, '10.77.2', isDelayedByKernel ? { delayMs: delayMs / 2 } : {})
    wire.run('ip', 'address', 'add', '10.77.0.1/32', 'dev', 'lo') // the tracker's
    far.run('ip', 'route', 'add', 'default', 'via', '10.77.1.1')
    near.run('ip', 'route', 'add', 'default', 'via', '10.77.2.1')
    wire.run('sysctl', '-qw', `net.ipv4.ip_forward=${isRelayed ? 0 : 1}`) // no way but through the relay
    const common = { sharer: far.through, downloader: near.through, tracker: wire.through, trackerHost: '10.77.0.1', host: '10.77.1.2', ownAddress: '10.77.1.2', port }
    const line = `The sharer's line carries ${rate} (tc tbf)`
    if (!isRelayed) return { ...common, note: isDelayedByKernel ? `${line}; netem delays each frame by ${delayMs / 2} ms each way.` : `${line}.`, [Symbol.asyncDispose]: dispose }
    const relay = startRole(processes, 'relay', { host: '10.77.2.1', to: '10.77.1.2', tcp: [port], udp: [port], delayMs: delayMs / 2 }, { through: wire.through })
    await relay.answer()
    return {
      ...common, dialHost: '10.77.2.1',
      note: `${line}; a relay of ours delays TCP and UDP by ${delayMs / 2} ms each way. It ends TCP on both sides: TCP's own acknowledgements are not delayed.`,
      async [Symbol.asyncDispose] () { await relay.end(); await dispose() }
    }
  } catch (error) {
    await dispose()
    throw error
  }
}
