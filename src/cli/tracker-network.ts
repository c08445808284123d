/**
 * The libp2p node of a tracker: its identity, its transports, where it listens. Owns the choice of the port, which is in the addresses that people have and so
 * stays the same; what is served over the node is in src/tracker/stream, and a relay may be served over it, too.
 */
import { lookup } from 'node:dns/promises'
import { join } from 'node:path'
import { ShoalError } from '../contract/index.ts'
import type { Network, Transport } from '../contract/index.ts'
import { loadPlugin } from '../loader.ts'
import { makeFolder } from '../make-folder.ts'
import { formatHostPort, parseHostPort } from '../network/addresses.ts'
import type { HostPort } from '../network/addresses.ts'
import { createNetwork } from '../network/index.ts'
import type { NetworkOptions } from '../network/index.ts'
import { readKept, writeKept } from '../tracker/kept-file.ts'
import { trackerIdentity } from '../tracker/stream/index.ts'
import { chooseTransports } from '../transports.ts'
import type { Arguments } from './grammar.ts'

/** A peer that is logged in keeps one: about 0.8 GiB of them. */
const maxConnections = 4_000
/** How many ports above that of HTTPS are tried. */
const portsTried = 16

export interface TrackerNetworkOptions extends Pick<NetworkOptions, 'parts'> {
  readonly args: Arguments
  readonly stateFolder: string
  readonly log: (line: string) => void
}

const portFile = (folder: string): string => join(folder, 'libp2p-port')

const keptPort = async (folder: string): Promise<number | undefined> => {
  const kept = await readKept(portFile(folder))
  const port = kept === undefined ? 0 : Number(new TextDecoder().decode(kept))
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}

/** The first of the ports that is free. @throws ShoalError of the last one */
const openAt = async (ports: readonly number[], open: (port: number) => Promise<Network>): Promise<Network> => {
  for (const port of ports) {
    try { return await open(port) } catch (error) {
      if (!ShoalError.is(error, 'PORT_IN_USE') || port === ports.at(-1)) throw error
    }
  }
  throw new ShoalError('BUG', 'No port to listen on was tried.')
}

const loadTransports = async ({ args, stateFolder, log }: TrackerNetworkOptions): Promise<readonly Transport[]> => {
  const specs = args.list('--transport')
  const { plugins } = await chooseTransports(specs, { load: spec => loadPlugin('transport', spec), leftOut: text => { if (specs.length > 0) log(text) } })
  return await Promise.all(plugins.map(async plugin => {
    const folder = join(stateFolder, `transport-${plugin.name}`)
    await makeFolder(folder, 0o700)
    return await plugin.create({ folder, log })
  }))
}

const openNetwork = async ({ stateFolder, log, parts }: TrackerNetworkOptions, transports: readonly Transport[], asked: HostPort | undefined, beside: HostPort): Promise<Network> => {
  const { libp2p: key } = await trackerIdentity(stateFolder)
  const open = (listen: HostPort): Promise<Network> => createNetwork({
    key, transports, log, maxConnections, listen, lookup: async name => (await lookup(name)).address, ...parts === undefined ? {} : { parts }
  })
  if (asked !== undefined) return await open(asked)
  const kept = await keptPort(stateFolder)
  const near = Array.from({ length: portsTried }, (_, i) => beside.port + 1 + i).filter(port => port < 65_536)
  const network = await openAt([...kept === undefined ? [] : [kept], ...near, 0], port => open({ host: beside.host, port }))
  if (kept === undefined && network.port !== undefined) {
    // without it the next start would have other addresses
    await writeKept(portFile(stateFolder), `${network.port}\n`).catch(async (cause: unknown) => {
      await network.stop()
      throw new ShoalError('STORAGE_FAILED', `Cannot keep the port for libp2p in ${portFile(stateFolder)}: ${cause instanceof Error ? cause.message : String(cause)}. Check the folder and its permissions.`, { cause })
    })
  }
  if (kept !== undefined && network.port !== kept) log(`Port ${kept}, which the tracker had for libp2p, is in use: addresses with it do not lead here now. Free the port and start the tracker again.`)
  return network
}

/** Whether somebody asked for libp2p: the tracker then does not begin without it. */
export const isLibp2pAsked = (args: Arguments): boolean => {
  const place = args.option('--libp2p')
  return place !== 'none' && (place !== undefined || args.list('--transport').length > 0)
}

/**
 * Reads what was asked for, so that what is wrong with it is told before anything runs.
 * @returns opens the node, once it is known where HTTPS is served; undefined when nobody wants it, or when nobody asked for it and it cannot be: HTTPS is enough
 * @throws ShoalError BAD_OPTION, and what loading a transport throws; the opening: PORT_IN_USE, ADDRESS_UNAVAILABLE, STORAGE_FAILED
 */
export const trackerNetwork = async (options: TrackerNetworkOptions): Promise<(beside: HostPort) => Promise<Network | undefined>> => {
  const { args, log, parts } = options
  const place = args.option('--libp2p')
  if (place === 'none') return () => Promise.resolve(undefined)
  const asked = place === undefined ? undefined : parseHostPort(place, 'BAD_OPTION')
  const named = args.list('--transport').length > 0 ? await loadTransports(options) : undefined
  return async beside => {
    try { return await openNetwork(options, named ?? await loadTransports(options), asked, beside) } catch (error) {
      if (parts !== undefined || asked !== undefined || named !== undefined) throw error
      log(`The tracker is served over HTTPS alone, at ${formatHostPort(beside)}: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    }
  }
}
