/**
 * What is used of @chainsafe/libp2p-quic: its one public function, and the parts of its inside that the tuning (tuned.ts) needs. Owns the error when such a
 * part is not there; it changes nothing. That the native library is not there, is told by whoever loads the plugin.
 */
import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { quic } from '@chainsafe/libp2p-quic'
import type { Listener, Transport } from '@libp2p/interface'
import { ShoalError } from 'shoal/plugin'
import type { Libp2pFactory } from 'shoal/plugin'

const packageName = '@chainsafe/libp2p-quic'
/** The version that the tuning was written for and tested with. */
export const testedVersion = '2.1.1'

/** The package declares its options as `any`. Lengths in bytes, times in ms. */
export interface NativeOptions {
  readonly maxIdleTimeout: number
  readonly keepAliveInterval: number
  readonly maxConcurrentStreamLimit: number
  readonly maxStreamData: number
  readonly maxConnectionData: number
}

/** A QUIC stream of the native library. One call of a kind at a time: a write that waits for the other side holds up `resetWrite`, a read `stopRead`. */
export interface NativeStream {
  id (): string
  /** At least a byte and at most so many; null at the end. Rejects when the stream was reset, or its connection lost. */
  read (maxBytes: number): Promise<Uint8Array | null>
  /** Resolves when the library has copied all: it waits for the window of the other side. */
  write (bytes: Uint8Array): Promise<void>
  finishWrite (): Promise<void>
  resetWrite (): Promise<void>
  stopRead (): Promise<void>
}

export interface NativeConnection {
  inboundStream (): Promise<NativeStream>
  outboundStream (): Promise<NativeStream>
}

/** A listener, with what lets several handshakes run at once. */
interface OpenListener extends Listener {
  readonly state: { readonly controller: AbortController }
  awaitInboundConnections (): Promise<void>
}

const installedVersion = (): string => {
  const path = findPackageJSON(packageName, import.meta.url)
  if (path === undefined) return 'of an unknown version'
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version?: string }
  return version ?? 'of an unknown version'
}

export const nativeQuic: (options: NativeOptions) => Libp2pFactory<Transport> = quic

/** @returns what is always thrown */
const lacks = (what: string): ShoalError => new ShoalError('PLUGIN_FAILED',
  `The transport "quic" cannot be used with ${packageName} ${installedVersion()}: it has no ${what}. Install version ${testedVersion}, or leave quic out of --transport.`)

const has = <K extends string>(value: unknown, ...names: readonly K[]): value is Record<K, () => unknown> =>
  typeof value === 'object' && value !== null && names.every(name => typeof Reflect.get(value, name) === 'function')

const isConnection = (value: unknown): value is NativeConnection => has(value, 'inboundStream', 'outboundStream')
const isStream = (value: unknown): value is NativeStream => has(value, 'id', 'read', 'write', 'finishWrite', 'resetWrite', 'stopRead')
const isOpenListener = (listener: Listener): listener is OpenListener => {
  const state: unknown = Reflect.get(listener, 'state')
  return has(listener, 'awaitInboundConnections') && typeof state === 'object' && state !== null && Reflect.get(state, 'controller') instanceof AbortController
}

/** The native connection that a muxer factory of the package is for. @throws ShoalError PLUGIN_FAILED */
export const connectionOf = (muxerFactory: unknown): NativeConnection => {
  const init: unknown = typeof muxerFactory === 'object' && muxerFactory !== null ? Reflect.get(muxerFactory, 'init') : undefined
  const connection: unknown = typeof init === 'object' && init !== null ? Reflect.get(init, 'connection') : undefined
  if (!isConnection(connection)) throw lacks('connection in its muxer factory')
  return connection
}

/** @throws ShoalError PLUGIN_FAILED */
export const checkedStream = (stream: unknown): NativeStream => {
  if (!isStream(stream)) throw lacks('read, write, resetWrite and stopRead in its streams')
  return stream
}

/** A listener that listens. @throws ShoalError PLUGIN_FAILED */
export const openListener = (listener: Listener): OpenListener => {
  if (!isOpenListener(listener)) throw lacks('awaitInboundConnections in its listener')
  return listener
}
