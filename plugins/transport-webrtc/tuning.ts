/** The node's upgrader as the WebRTC transports are given it: it puts yamux on each connection, and bounds what strangers may begin. */
import type { ClearableSignal, Upgrader } from '@libp2p/interface'
import { yamuxOver } from './muxing.ts'

/** Handshakes that others may have begun with us at once. One packet from anywhere begins one, and it costs until its time is over. */
const maxPending = 250

type Connection = Parameters<Upgrader['upgradeInbound']>[0]
type Options = Parameters<Upgrader['upgradeInbound']>[1]

export interface Tuned extends Upgrader {
  /** Ends the handshakes that others began. */
  endPending (): void
}

export const refused = (): ClearableSignal => Object.assign(AbortSignal.abort(new Error('No handshake now.')), { clear () {} })

/** The node's upgrader, which puts libp2p's muxers on; ours are put in their place. */
export const tuned = (upgrader: Upgrader): Tuned => {
  const pending = new Set<AbortController>()
  return {
    upgradeInbound: (connection: Connection, options: Options) => upgrader.upgradeInbound(connection, { ...options, muxerFactory: yamuxOver(connection, options.muxerFactory) }),
    upgradeOutbound: (connection: Connection, options: Options) => upgrader.upgradeOutbound(connection, { ...options, muxerFactory: yamuxOver(connection, options.muxerFactory) }),
    /** Called for each handshake before anything is made for it. */
    createInboundAbortSignal (signal) {
      if (pending.size >= maxPending) return refused()
      const stop = new AbortController()
      pending.add(stop)
      const made = upgrader.createInboundAbortSignal(AbortSignal.any([signal, stop.signal]))
      const clear = made.clear.bind(made)
      return Object.assign(made, { clear () { pending.delete(stop); clear() } })
    },
    getStreamMuxers: () => upgrader.getStreamMuxers(),
    getConnectionEncrypters: () => upgrader.getConnectionEncrypters(),
    endPending () {
      for (const stop of pending) stop.abort(new Error('Stopping.'))
    }
  }
}
