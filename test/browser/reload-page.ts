/** What the page of the reload tests offers: a state and a store that it never closes, so that a reload finds them as a crash would leave them. */
import { bitfield, pieceCount } from '../../src/contract/index.ts'
import type { State, Store } from '../../src/contract/index.ts'
import { contentOf, manifestOf, pieceOf } from '../../src/testing/contents.ts'
import { indexedDbState } from '../../plugins/state-indexeddb/index.ts'
import { opfsStorage } from '../../plugins/storage-opfs/index.ts'

const layout = { length: 40 * 512 * 1024 + 777, pieceLength: 512 * 1024 }
const manifest = manifestOf(layout)
const content = contentOf(layout.length)

let store: Store | undefined
let state: State | undefined
const opened = (): Store => {
  if (store === undefined) throw new Error('Open it first.')
  return store
}
const held = async (): Promise<State> => state ??= await indexedDbState({ name: 'reloaded' })
const listed = (packed: Uint8Array): readonly number[] => [...bitfield(pieceCount(layout), packed)]
const text = new TextDecoder()

const steps = {
  pieces: pieceCount(layout),
  async open (): Promise<{ readonly sure: readonly number[], readonly doubtful: readonly number[] }> {
    store = await opfsStorage({}, { log: () => undefined }).open(manifest, { folder: '/kept', name: 'a' }, new AbortController().signal)
    const { sure, doubtful } = store.have()
    return { sure: listed(sure), doubtful: listed(doubtful) }
  },
  reserve: async () => opened().reserve(),
  async write (pieces: readonly number[]) { for (const piece of pieces) await opened().write(piece, [pieceOf(layout, content, piece)]) },
  flush: async () => opened().flush(),
  finish: async () => opened().finish(),
  /** Whether what is read of a piece is what was written. */
  async isRight (piece: number) {
    const expected = pieceOf(layout, content, piece)
    const found = await opened().read(piece, 0, expected.byteLength)
    return found.byteLength === expected.byteLength && found.every((byte, i) => byte === expected[i])
  },
  async put (key: string, value: string, ttlMs?: number) {
    const lease = ttlMs === undefined ? undefined : (await (await held()).lease(ttlMs)).id
    return (await held()).txn([], [{ put: key, value: new TextEncoder().encode(value), ...(lease === undefined ? {} : { lease }) }])
  },
  all: async () => (await (await held()).list('')).map(({ key, value, revision }) => `${revision} ${key}=${text.decode(value)}`),
  revision: async () => (await held()).revision()
}

export type Steps = typeof steps

Object.assign(globalThis, { steps })
