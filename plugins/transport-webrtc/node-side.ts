/** What the WebRTC transport needs of a machine and a browser does not give: a certificate of our own, and a UDP port to listen on. */
import { multiaddr } from '@multiformats/multiaddr'
import type { Context } from 'shoal/plugin'
import { certificateIn } from './certificate.ts'
import { spanDistances } from './distance.ts'
import { claimPort } from './port.ts'
import { recall, retire } from './retiring.ts'
import type { Listening } from './sockets.ts'
import type { Certificate } from './transports.ts'

/** Without a folder: one for all peers of the process. */
let shared: Promise<Certificate> | undefined

/** @returns undefined in a browser. @throws ShoalError STORAGE_FAILED */
export const openNodeSide = async ({ folder, log }: Pick<Context, 'folder' | 'log'>): Promise<Listening | undefined> => {
  if (!('process' in globalThis) || typeof process.getBuiltinModule !== 'function') return undefined
  spanDistances()
  const certificate = await (folder === undefined ? shared ??= certificateIn(undefined, log) : certificateIn(folder, log))
  return {
    certificate,
    retire,
    async socketAt (address, open) {
      const [host, port] = address.getComponents()
      const [kind, name] = [host?.name ?? '', host?.value ?? '']
      const claimed = await claimPort(name, Number(port?.value ?? 0), folder, wanted => recall(name, certificate.certhash, wanted))
      if (typeof claimed !== 'number') return claimed
      const { listener, own } = await open(multiaddr(`/${kind}/${name}/udp/${claimed}/webrtc-direct`))
      return { host: name, port: claimed, certhash: certificate.certhash, listener, own, close: () => listener.close() }
    }
  }
}
