/** Sealing a file to share it, as `upload_file` does: beside reading the same warm file, and beside hashing as many bytes from memory, both on one thread. */
import { createHash, randomFillSync } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { Blake3Hasher } from '@napi-rs/blake-hash'
import { createShoal, createTrackerService, loadPlugin } from 'shoal'
import memoryState from 'shoal/plugins/state-memory'
import localTracker from 'shoal/plugins/tracker-local'
import type { RoleOptions, Stage } from '../role.ts'
import { textOf } from './options.ts'

const chunkBytes = 1 << 20

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const from = performance.now()
  await work()
  return (performance.now() - from) / 1000
}

const readAll = async (path: string): Promise<void> => {
  const file = await open(path)
  try {
    const buffer = new Uint8Array(chunkBytes)
    while ((await file.read(buffer, 0, chunkBytes)).bytesRead > 0);
  } finally { await file.close() }
}

const hashing = (scheme: string): ((bytes: Uint8Array) => unknown) => {
  if (scheme === 'blake3') {
    const hasher = new Blake3Hasher()
    return bytes => hasher.update(bytes)
  }
  const hash = createHash(scheme)
  return bytes => hash.update(bytes)
}

const hashAll = (scheme: string, bytes: number): Promise<void> => {
  const buffer = randomFillSync(new Uint8Array(chunkBytes))
  const update = hashing(scheme)
  for (let at = 0; at < bytes; at += chunkBytes) update(buffer)
  return Promise.resolve()
}

/** Options: file, folder, scheme. */
export const play = async (options: RoleOptions, { say }: Stage): Promise<void> => {
  const [file, scheme] = [textOf(options, 'file'), textOf(options, 'scheme')]
  const service = await createTrackerService({ state: await memoryState().create({ log () { /* nothing to tell */ } }) })
  const shoal = await createShoal({ home: textOf(options, 'folder'), tracker: localTracker({ service }), use: [await loadPlugin('transport', 'memory')], listen: { host: '127.0.0.1', port: 0 } })
  await shoal.createUser('sharer', 'a password of the benchmarks')
  await shoal.login('sharer', 'a password of the benchmarks')
  await shoal.createGroup('bench')
  const { size } = await stat(file)
  const read = await seconds(() => readAll(file))
  const hash = await seconds(() => hashAll(scheme, size))
  const seal = await seconds(() => shoal.share(file, 'bench', { name: 'file', integrity: scheme }))
  await shoal.stop()
  const rate = (took: number): number => size / 1e6 / took
  say({ 'rate-seal': rate(seal), 'rate-read': rate(read), 'rate-hash': rate(hash), 'of-slower': Math.max(read, hash) / seal })
}
