/**
 * The tracker's API over a link of libp2p: one for everything that may be repeated, opened when it is needed and again when it was lost. The peer id in the
 * address says whom to trust; over its link the tracker proves its realm before anything else is sent.
 */
import { ChannelLost, OverlongReply, readWhole, ShoalError, trackerFailure, trackerProtocol } from 'shoal/plugin'
import type { CarriedReply, Carriage, CarriageParts, Context, PeerId } from 'shoal/plugin'
import { createChannel } from './channel.ts'
import type { Channel } from './channel.ts'

const { keyRefused, notOurs, timedOut, unreachable } = trackerFailure

export interface LinkCarriageOptions extends CarriageParts {
  /** Ends with `/p2p/` and the tracker's peer id. */
  readonly address: string
  readonly peer: PeerId
  readonly reach: NonNullable<Context['reach']>
}

const maxProofBytes = 16 * 1024
/** A link over UDP does not tell that the tracker was killed: when it has been silent for so long on a request, another is tried beside it. */
const silentMs = 2_000

export const linkCarriage = ({ address, peer, reach, api, where, check, timeoutMs }: LinkCarriageOptions): Carriage => {
  const stopped = new AbortController()
  const open = new Set<Channel>()
  let shared: { readonly channel: Promise<Channel>, ready: Channel | undefined } | undefined
  let doubting: Promise<void> | undefined

  const failed = (error: unknown): ShoalError => {
    if (stopped.signal.aborted && ShoalError.is(stopped.signal.reason)) return stopped.signal.reason
    if (ShoalError.is(error, 'PEER_REFUSED')) return /another peer answered/.test(error.message) ? keyRefused(where, error) : notOurs(where, 'who answers there is no tracker')
    if (ShoalError.is(error, 'PEER_UNREACHABLE')) return unreachable(where, new Error(error.message.replace(/^[^:]*: /, '').replace(/\. It is tried again.*$|\.$/, ''), { cause: error }))
    if (error instanceof Error && error.name === 'TimeoutError') return timedOut(where, timeoutMs)
    return unreachable(where, error instanceof ChannelLost ? error.cause : error)
  }

  const prove = async (channel: Channel, signal: AbortSignal): Promise<void> => {
    const { method, path } = api.calls.realm
    const { status, json } = await readWhole(await channel.send({ method, path, headers: { accept: 'application/json' }, body: undefined }, false, signal), maxProofBytes)
      .catch((error: unknown) => { throw error instanceof OverlongReply ? notOurs(where, error.message) : error })
    const proof = status === 200 ? api.decodeReply('realm', json) : { ok: false as const, problem: `it answers ${status}` }
    if (!proof.ok) throw notOurs(where, proof.problem)
    await check.accept({ kind: 'peer', peer }, proof.value)
  }

  const connect = async (): Promise<Channel> => {
    const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(timeoutMs)])
    try {
      const link = await reach(address, trackerProtocol, signal)
      const channel = createChannel(link, () => { open.delete(channel) })
      open.add(channel)
      try {
        if (link.peer !== peer) throw keyRefused(where, new Error(`peer ${link.peer} answers`))
        if (!check.knows({ kind: 'peer', peer })) await prove(channel, signal)
        stopped.signal.throwIfAborted()
        return channel
      } catch (error) {
        channel.end(new Error('It was not proved.'))
        throw error
      }
    } catch (error) { throw failed(error) }
  }

  /** The one that all share. */
  const common = async (): Promise<{ readonly channel: Channel, readonly used: boolean }> => {
    const before = shared?.ready
    if (before !== undefined && !before.isOver) return { channel: before, used: true }
    if (shared === undefined || before !== undefined) {
      const mine = { channel: connect(), ready: undefined as Channel | undefined }
      shared = mine
      mine.channel.then(channel => { mine.ready = channel }, () => { if (shared === mine) shared = undefined })
    }
    return { channel: await shared.channel, used: false }
  }

  /**
   * Takes the place of a link on which nothing comes any more, if the tracker answers on another one: what waits on the old one is then asked again. Both are asked
   * for what every tracker says at once, so that one which is only slow with a request is left to it.
   */
  const doubt = async (channel: Channel): Promise<void> => {
    const isSilent = (): boolean => shared?.ready === channel && !channel.isOver && performance.now() - channel.heardAt >= silentMs
    if (!isSilent()) return
    const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(timeoutMs)])
    prove(channel, signal).catch(() => undefined) // whether anything came is all that counts
    const other = await connect().catch(() => undefined) // the tracker is not there: what becomes of the old link is told by itself
    if (other === undefined) return
    await prove(other, signal).catch((error: unknown) => { other.end(error instanceof Error ? error : new Error(String(error))) })
    if (other.isOver) return
    if (isSilent()) {
      shared = { channel: Promise.resolve(other), ready: other }
      channel.end(new Error('the tracker did not answer on it any more'))
    } else other.end(new Error('It is not needed.'))
  }

  /** For what must not arrive twice: a link that is surely alive, and ends with the reply. */
  const alone = async (request: Parameters<Carriage['send']>[0], signal: AbortSignal): Promise<CarriedReply> => {
    const channel = await connect()
    const end = (): void => { channel.end(new Error('It was used once.')) }
    try {
      const { body, ...reply } = await channel.send(request, false, signal)
      const ending = async function * (): AsyncGenerator<Uint8Array> { try { yield * body } finally { end() } }
      return { ...reply, body: ending(), destroy () { reply.destroy(); end() } }
    } catch (error) {
      end()
      throw error
    }
  }

  return {
    async send (request, signal) {
      if (!request.repeatable) return await alone(request, signal)
      const { channel, used } = await common()
      let timer: NodeJS.Timeout | undefined
      const look = (): void => {
        const silentInMs = channel.heardAt + silentMs - performance.now()
        // something came meanwhile, or the timer ran a little early
        if (silentInMs > 0) timer = setTimeout(look, Math.ceil(silentInMs))
        else doubting ??= doubt(channel).finally(() => { doubting = undefined })
      }
      if (used) timer = setTimeout(look, silentMs)
      try { return await channel.send(request, used, signal) } finally { clearTimeout(timer) }
    },
    stop (reason) {
      stopped.abort(reason)
      for (const channel of [...open]) channel.end(reason)
    }
  }
}
