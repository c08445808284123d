/**
 * Which transports a peer has: by default all that load, or those that are named, where `udp` stands for those over UDP and `auto` for a choice by what is
 * measured. Owns what is left out, and when that is an error; what they are is in the plugins.
 */
import { ShoalError } from './contract/index.ts'
import type { Plugin } from './contract/index.ts'

/** In order of preference: TCP passes everywhere, QUIC is as fast and passes NATs, WebRTC costs most and reaches browsers. */
export const usualTransports: readonly string[] = ['tcp', 'quic', 'webrtc']
const overUdp: readonly string[] = ['quic', 'webrtc']

export interface Loading {
  load (spec: string): Promise<Plugin<'transport'>>
  /** Is told what is left out, with the reason. */
  leftOut (text: string): void
}

export interface ChosenTransports {
  readonly plugins: readonly Plugin<'transport'>[]
  /** Per peer by what was measured, or in this order. */
  readonly prefer: 'measured' | 'order'
}

const reason = (error: unknown): string => error instanceof Error ? error.message : String(error)

/**
 * Those of several that load: one whose native library is missing must not keep the others from working. A name that does not exist is a mistake, though.
 * @throws ShoalError of the first, if none loads
 */
const thoseThatLoad = async (specs: readonly string[], { load, leftOut }: Loading): Promise<readonly Plugin<'transport'>[]> => {
  const results = await Promise.allSettled(specs.map(load))
  const failed = results.map((result, i) => ({ spec: specs[i] ?? '', result })).flatMap(({ spec, result }) => result.status === 'rejected' ? [{ spec, cause: result.reason as unknown }] : [])
  const fatal = failed.length === specs.length ? failed[0] : failed.find(({ cause }) => !ShoalError.is(cause, 'PLUGIN_FAILED'))
  if (fatal !== undefined) throw fatal.cause
  for (const { spec, cause } of failed) leftOut(`The transport "${spec}" is left out. ${reason(cause)}`)
  return results.flatMap(result => result.status === 'fulfilled' ? [result.value] : [])
}

/**
 * @param specs as they are named, in order of preference; none: the usual ones
 * @throws ShoalError PLUGIN_NOT_FOUND, PLUGIN_FAILED, …: of the first, if none loads, or when a name is wrong
 */
export const chooseTransports = async (specs: readonly string[], loading: Loading): Promise<ChosenTransports> => {
  const words = specs.filter(spec => spec !== 'auto')
  const named = words.length === 0 ? usualTransports : [...new Set(words.flatMap(word => word === 'udp' ? overUdp : word))]
  const plugins = await thoseThatLoad(named, loading)
  return { plugins: plugins.filter(({ name }, i) => plugins.findIndex(other => other.name === name) === i), prefer: specs.includes('auto') ? 'measured' : 'order' }
}
