/** The sealing path: a file becomes parts, hashes, a manifest. Reads once, streaming, in flat memory. */
import { pipe } from 'it-pipe'
import { sameFile, ShoalError } from '../contract/index.ts'
import type { Files, Integrity, Layout, LocalFile, Manifest, Seal } from '../contract/index.ts'

export interface SealOptions {
  readonly files: Pick<Files, 'inspect' | 'read'>
  readonly integrity: Integrity
  readonly pieceLength: number
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((doneBytes: number, totalBytes: number) => void) | undefined
}

export interface Sealed { readonly manifest: Manifest, readonly seal: Seal }

/** Each part is valid until the next is asked for. */
async function * parts (file: LocalFile, { files, signal, progress }: SealOptions): AsyncGenerator<Uint8Array> {
  let done = 0
  signal?.throwIfAborted()
  for await (const part of files.read(file.path)) {
    yield part
    done += part.byteLength
    progress?.(done, file.identity.size)
    signal?.throwIfAborted()
  }
}

/** @throws ShoalError SOURCE_CHANGED when the file changed while it was read */
export const seal = async (file: LocalFile, options: SealOptions): Promise<Sealed> => {
  const layout: Layout = { length: file.identity.size, pieceLength: options.pieceLength }
  const sealer = options.integrity.sealer(layout)
  const changed = (cause?: unknown): ShoalError =>
    new ShoalError('SOURCE_CHANGED', `"${file.path}" changed while it was read. Share it again when nothing writes to it any more.`, { cause })
  const sealed = await pipe(
    parts(file, options),
    async function * (source) {
      for await (const part of source) await sealer.push(part)
      yield await sealer.finish().catch((error: unknown) => { throw ShoalError.is(error, 'INTEGRITY') ? changed(error) : error })
    },
    async function (source) {
      for await (const result of source) return result
      throw changed()
    }
  )
  if (!sameFile(file.identity, (await options.files.inspect(file.path)).identity)) throw changed()
  const manifest: Manifest = { format: 1, scheme: options.integrity.scheme, coding: 'none', ...layout, root: sealed.root }
  return { manifest, seal: sealed }
}
