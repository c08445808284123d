/** What a relay keeps between starts, in one file for its owner alone: its key, its tracker and the key of that realm, so that it starts again while no tracker answers. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex, ShoalError, toHex } from '../contract/index.ts'
import { newRelayKey } from '../relay/index.ts'
import type { PeerMemory } from '../shoal.ts'

interface Kept { readonly format: 1, readonly key: string, readonly realm?: string, readonly settings: Record<string, string>, readonly pins: Record<string, string> }

export interface RelayHome {
  /** The relay's secret key. */
  readonly key: Uint8Array
  /** The realm's public key, when it was ever learned. */
  readonly realm: Uint8Array | undefined
  readonly memory: PeerMemory
  keepRealm (key: Uint8Array): Promise<void>
}

const isRecord = (value: unknown): value is Record<string, string> => typeof value === 'object' && value !== null && Object.values(value).every(each => typeof each === 'string')

const isKept = (value: unknown): value is Kept => typeof value === 'object' && value !== null && 'format' in value && value.format === 1 &&
  'key' in value && typeof value.key === 'string' && /^[0-9a-f]{128}$/.test(value.key) && (!('realm' in value) || (typeof value.realm === 'string' && /^[0-9a-f]{64}$/.test(value.realm))) &&
  'settings' in value && isRecord(value.settings) && 'pins' in value && isRecord(value.pins)

const read = async (path: string): Promise<Kept | undefined> => {
  let text: string
  try { text = await readFile(path, 'utf8') } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw new ShoalError('STATE_FAILED', `Cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}. Check its permissions.`, { cause })
  }
  const kept: unknown = ((): unknown => { try { return JSON.parse(text) } catch { return undefined } })() // what is no JSON is as unreadable as what is no file of a relay
  if (isKept(kept)) return kept
  throw new ShoalError('STATE_FAILED', `Cannot read ${path}: it is no file of a relay. Restore it, or move it away to begin with a new key.`)
}

/** @throws ShoalError STATE_FAILED */
export const openRelayHome = async (folder: string): Promise<RelayHome> => {
  const path = join(folder, 'relay.json')
  const found = await read(path)
  let kept: Kept = found ?? { format: 1, key: toHex(await newRelayKey()), settings: {}, pins: {} }
  const keep = async (next: Kept): Promise<void> => {
    kept = next
    try {
      await writeFile(`${path}.new`, `${JSON.stringify(kept)}\n`, { mode: 0o600, flush: true })
      await rename(`${path}.new`, path)
    } catch (cause) { throw new ShoalError('STATE_FAILED', `Cannot write ${path}: ${cause instanceof Error ? cause.message : String(cause)}. Check the disk and its permissions.`, { cause }) }
  }
  if (found === undefined) await keep(kept)
  const table = <V extends string>(part: 'settings' | 'pins'): { get (key: string): Promise<V | undefined>, set (key: string, value: V): Promise<void>, delete (key: string): Promise<void> } => ({
    get: key => Promise.resolve(kept[part][key] as V | undefined),
    set: (key, value) => keep({ ...kept, [part]: { ...kept[part], [key]: value } }),
    delete: key => keep({ ...kept, [part]: Object.fromEntries(Object.entries(kept[part]).filter(([name]) => name !== key)) })
  })
  return {
    key: fromHex(kept.key),
    get realm () { return kept.realm === undefined ? undefined : fromHex(kept.realm) },
    memory: { settings: table('settings'), pins: table('pins') },
    keepRealm: realm => keep({ ...kept, realm: toHex(realm) })
  }
}
