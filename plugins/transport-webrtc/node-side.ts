/** What the WebRTC transport needs of a machine and a browser does not give: a certificate of our own, and a UDP port to listen on. */
import { multiaddr } from '@multiformats/multiaddr'
import type { Context } from 'shoal/plugin'
import { certificateIn } from './certificate.ts'
import { claimPort } from './port.ts'
import { retire } from './retiring.ts'
import type { Certificate, Listening } from './transports.ts'

/** Without a folder: one for all peers of the process. */
let shared: Promise<Certificate> | undefined

/** @returns undefined in a browser. @throws ShoalError STORAGE_FAILED */
export const openNodeSide = async ({ folder, log }: Pick<Context, 'folder' | 'log'>): Promise<Listening | undefined> => {
  if (!('process' in globalThis) || typeof process.getBuiltinModule !== 'function') return undefined
  const certificate = await (folder === undefined ? shared ??= certificateIn(undefined, log) : certificateIn(folder, log))
  return {
    certificate,
    retire,
    async claim (address) {
      const [host, port] = address.getComponents()
      const claimed = await claimPort(host?.value ?? '', Number(port?.value ?? 0), folder)
      return multiaddr(`/${host?.name ?? ''}/${host?.value ?? ''}/udp/${claimed}/webrtc-direct`)
    }
  }
}
