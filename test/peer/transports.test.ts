/** Which transports a peer has, from what is named and what loads. */
import { describe, expect, it } from 'vitest'
import { definePlugin, ShoalError } from '../../src/contract/index.ts'
import type { Plugin, Transport } from '../../src/contract/index.ts'
import { preset } from '../../src/preset.ts'
import { chooseTransports } from '../../src/transports.ts'

const plugin = (name: string): Plugin<'transport'> => definePlugin('transport', name, (): Transport => ({ name, runs: [], libp2p: () => ({ transports: [] }), listen: () => [], matches: () => false }))()

/** What is chosen and what is told, where the transports in `missing` fail so. */
const chosen = async (specs: string, missing: Readonly<Record<string, 'PLUGIN_FAILED' | 'PLUGIN_NOT_FOUND'>> = {}): Promise<string> => {
  const told: string[] = []
  const { plugins, prefer } = await chooseTransports(specs.split(',').filter(spec => spec !== ''), {
    load: spec => {
      const name = spec.split('?', 1)[0] ?? ''
      const code = missing[name]
      return code === undefined ? Promise.resolve(plugin(name)) : Promise.reject(new ShoalError(code, `It needs lib${name}.so.`))
    },
    leftOut: text => { told.push(text) }
  })
  return [plugins.map(({ name }) => name).join(','), prefer, ...told].join('; ')
}

describe('the transports of a peer', () => {
  it('are those that are named, in that order, each once', async () => {
    expect(await chosen('quic,tcp?port=1')).toBe('quic,tcp; order')
    expect(await chosen('quic,tcp,quic?windowBytes=1')).toBe('quic,tcp; order')
  })

  it('are the usual ones where none is named', async () => {
    expect(await chosen('')).toBe('tcp,quic,webrtc; order')
    expect((await preset('transport')).map(({ name }) => name)).toEqual(['tcp', 'quic', 'webrtc'])
  })

  it('over UDP are those that udp stands for', async () => {
    expect(await chosen('udp')).toBe('quic,webrtc; order')
    expect(await chosen('tcp,udp')).toBe('tcp,quic,webrtc; order')
  })

  it('are chosen by what is measured with auto, beside those that are named', async () => {
    expect(await chosen('auto')).toBe('tcp,quic,webrtc; measured')
    expect(await chosen('quic,tcp,auto')).toBe('quic,tcp; measured')
  })

  it('are those that load, and the reason why one does not is told', async () => {
    expect(await chosen('', { quic: 'PLUGIN_FAILED' })).toBe('tcp,webrtc; order; The transport "quic" is left out. It needs libquic.so.')
    expect(await chosen('quic,tcp', { quic: 'PLUGIN_FAILED' })).toBe('tcp; order; The transport "quic" is left out. It needs libquic.so.')
  })

  it('are an error where none loads, or where one that is named does not exist', async () => {
    await expect(chosen('quic', { quic: 'PLUGIN_FAILED' })).rejects.toMatchObject({ code: 'PLUGIN_FAILED', message: 'It needs libquic.so.' })
    await expect(chosen('udp', { quic: 'PLUGIN_FAILED', webrtc: 'PLUGIN_FAILED' })).rejects.toMatchObject({ code: 'PLUGIN_FAILED', message: 'It needs libquic.so.' })
    await expect(chosen('quik,tcp', { quik: 'PLUGIN_NOT_FOUND' })).rejects.toMatchObject({ code: 'PLUGIN_NOT_FOUND' })
  })
})
