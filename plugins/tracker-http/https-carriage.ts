/** The tracker's API over HTTPS: requests on sockets that were proved, kept or fresh. Which socket is proved is in proven-agent.ts. */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { ChannelLost, readWhole, ShoalError } from 'shoal/plugin'
import type { CarriedReply, CarriedRequest, Carriage, CarriageParts, WholeReply } from 'shoal/plugin'
import { provenAgent } from './proven-agent.ts'
import type { Endpoint } from './proven-agent.ts'

/** Sends a request and waits for the header of its reply. */
const readHeader = (asking: ClientRequest, body: string | undefined): Promise<IncomingMessage> => new Promise((resolve, reject) => {
  asking.once('response', resolve)
  // stays, because a request may fail more than once
  asking.on('error', reject)
  asking.end(body)
})

const carried = (response: IncomingMessage, used: boolean): CarriedReply => ({ status: response.statusCode ?? 0, used, body: response, destroy () { response.destroy() } })

/** @throws OverlongReply */
export const readReply = async (asking: ClientRequest, maxBytes: number): Promise<WholeReply> => await readWhole(carried(await readHeader(asking, undefined), false), maxBytes)

export const httpsCarriage = (options: CarriageParts & Endpoint): Carriage => {
  const { host, port } = options
  const stopped = new AbortController()
  const kept = provenAgent({ ...options, stopped: stopped.signal }, { keepAlive: true, maxSockets: 8 })
  /** For what must not arrive twice, for what lasts, and for second attempts: its sockets cannot be stale. */
  const fresh = provenAgent({ ...options, stopped: stopped.signal }, { keepAlive: false, maxSockets: Infinity })

  const send = async ({ method, path, headers, body, repeatable, lasting, attempt }: CarriedRequest, signal: AbortSignal): Promise<CarriedReply> => {
    const asking = httpsRequest({
      method, path, host, port, agent: repeatable && !lasting && attempt === 1 ? kept : fresh,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) }
    })
    const abort = (): void => { asking.destroy() }
    signal.addEventListener('abort', abort)
    try { return carried(await readHeader(asking, body), asking.reusedSocket) } catch (error) {
      asking.destroy()
      throw ShoalError.is(error) ? error : new ChannelLost(error, asking.reusedSocket)
    } finally { signal.removeEventListener('abort', abort) }
  }

  return {
    send,
    stop (reason) {
      stopped.abort(reason)
      kept.destroy()
      fresh.destroy()
    }
  }
}
