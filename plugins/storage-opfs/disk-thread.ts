/**
 * The thread that writes: only threads may write to the private file system in place. Owns open files; what is written where is said in disk.ts. Runs from its
 * source text, so that no bundler need know of it: it uses nothing but its argument and what every thread has.
 */

/** In place and at once, of a file that nobody else has open. */
interface AccessHandle {
  read (into: Uint8Array, options: { readonly at: number }): number
  write (from: Uint8Array, options: { readonly at: number }): number
  truncate (bytes: number): void
  flush (): void
  getSize (): number
  close (): void
}

interface Folder {
  getDirectoryHandle (name: string): Promise<Folder>
  getFileHandle (name: string, options: { readonly create: boolean }): Promise<{ createSyncAccessHandle (): Promise<AccessHandle> }>
}

export type Step =
  | { readonly do: 'write', readonly file: number, readonly at: number, readonly parts: readonly Uint8Array[] }
  | { readonly do: 'truncate', readonly file: number, readonly bytes: number }
  | { readonly do: 'flush', readonly file: number }
  | { readonly do: 'close', readonly file: number }

export type Order =
  /** The folder is there; the file is made if it is not. Answered with its size. */
  | { readonly do: 'open', readonly file: number, readonly path: readonly string[] }
  /** Answered with as many bytes as there are, up to `length`. */
  | { readonly do: 'read', readonly file: number, readonly at: number, readonly length: number }
  /** One after another; the first that fails is the last. */
  | { readonly do: 'steps', readonly steps: readonly Step[] }

export interface Asked { readonly id: number, readonly order: Order }
export type Answered =
  | { readonly id: number, readonly value: number | Uint8Array | undefined }
  | { readonly id: number, readonly failed: { readonly name: string, readonly message: string } }

export interface ThreadScope {
  onmessage: ((event: { readonly data: Asked }) => void) | null
  postMessage (answer: Answered, transfer: readonly ArrayBuffer[]): void
  readonly navigator: { readonly storage: { getDirectory (): Promise<Folder> } }
}

export const diskThread = (scope: ThreadScope): void => {
  const files = new Map<number, AccessHandle>()

  const handleOf = (file: number): AccessHandle => {
    const handle = files.get(file)
    if (handle === undefined) throw new Error('the file is not open')
    return handle
  }

  const open = async (file: number, path: readonly string[]): Promise<number> => {
    let folder = await scope.navigator.storage.getDirectory()
    for (const name of path.slice(0, -1)) folder = await folder.getDirectoryHandle(name)
    const handle = await (await folder.getFileHandle(path[path.length - 1] ?? '', { create: true })).createSyncAccessHandle()
    files.set(file, handle)
    return handle.getSize()
  }

  const take = (step: Step): void => {
    const handle = handleOf(step.file)
    switch (step.do) {
      case 'write': {
        let at = step.at
        for (const part of step.parts) {
          const written = handle.write(part, { at })
          if (written !== part.byteLength) throw Object.assign(new Error(`only ${written} of ${part.byteLength} bytes were written`), { name: 'QuotaExceededError' })
          at += written
        }
        return
      }
      case 'truncate': handle.truncate(step.bytes); return
      case 'flush': handle.flush(); return
      case 'close':
        files.delete(step.file)
        handle.close()
    }
  }

  const obey = async (order: Order): Promise<number | Uint8Array | undefined> => {
    switch (order.do) {
      case 'open': return open(order.file, order.path)
      case 'read': {
        const bytes = new Uint8Array(order.length)
        return bytes.subarray(0, handleOf(order.file).read(bytes, { at: order.at }))
      }
      case 'steps':
        for (const step of order.steps) take(step)
        return undefined
    }
  }

  scope.onmessage = ({ data: { id, order } }) => {
    obey(order).then(
      value => { scope.postMessage({ id, value }, value instanceof Uint8Array && value.buffer instanceof ArrayBuffer ? [value.buffer] : []) },
      (error: unknown) => { scope.postMessage({ id, failed: error instanceof Error ? { name: error.name, message: error.message } : { name: 'Error', message: String(error) } }, []) }
    )
  }
}
