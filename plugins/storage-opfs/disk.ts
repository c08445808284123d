/** Files that are open for writing, on a thread that lives as long as one of them. Owns the thread and the order of what is asked of it. */
import { ShoalError } from 'shoal/plugin'
import { diskThread } from './disk-thread.ts'
import type { Answered, Asked, Order, Step } from './disk-thread.ts'

export interface DiskFile {
  /** When it was opened. */
  readonly size: number
  read (at: number, length: number): Promise<Uint8Array>
  /** For a step of `run`. */
  readonly id: number
  close (): Promise<void>
}

export interface Disk {
  /** In a folder that is there. Nobody else may have it open. */
  open (path: readonly string[]): Promise<DiskFile>
  /** Steps on open files, after all that was asked before. The first that fails is the last; no parts are kept once it resolved. */
  run (...steps: readonly Step[]): Promise<void>
}

interface Thread {
  postMessage (asked: Asked): void
  terminate (): void
  onmessage: ((event: { readonly data: Answered }) => void) | null
  onerror: ((event: { readonly message?: string }) => void) | null
}

const startThread = (): Thread => {
  const { Worker } = globalThis as unknown as { readonly Worker?: new (url: string, options: { readonly name: string }) => Thread }
  if (Worker === undefined) throw new ShoalError('STORAGE_FAILED', 'There are no threads for files here. Open the page in a browser.')
  const url = URL.createObjectURL(new Blob([`(${diskThread.toString()})(self)`], { type: 'text/javascript' }))
  try { return new Worker(url, { name: 'shoal files' }) } finally { setTimeout(() => { URL.revokeObjectURL(url) }, 10_000) }
}

export const createDisk = (): Disk => {
  const asked = new Map<number, PromiseWithResolvers<number | Uint8Array | undefined>>()
  let thread: Thread | undefined
  let openFiles = 0
  let count = 0

  const rest = (): void => {
    if (openFiles > 0 || asked.size > 0) return
    thread?.terminate()
    thread = undefined
  }
  const living = (): Thread => {
    if (thread !== undefined) return thread
    const made = startThread()
    made.onmessage = ({ data }) => {
      const settle = asked.get(data.id)
      asked.delete(data.id)
      if ('failed' in data) settle?.reject(Object.assign(new Error(data.failed.message), { name: data.failed.name }))
      else settle?.resolve(data.value)
    }
    made.onerror = ({ message = 'unknown' }) => {
      if (thread === made) thread = undefined
      made.terminate()
      for (const settle of asked.values()) settle.reject(new Error(`the thread that writes files ended: ${message}`))
      asked.clear()
    }
    thread = made
    return made
  }
  const ask = async (order: Order): Promise<number | Uint8Array | undefined> => {
    const id = ++count
    const settle = Promise.withResolvers<number | Uint8Array | undefined>()
    living().postMessage({ id, order })
    asked.set(id, settle)
    return settle.promise
  }

  return {
    async open (path) {
      const file = ++count
      openFiles++
      const release = (): void => { openFiles--; rest() }
      let closing: Promise<void> | undefined
      try {
        const size = await ask({ do: 'open', file, path })
        return {
          id: file,
          size: typeof size === 'number' ? size : 0,
          async read (at, length) {
            const bytes = await ask({ do: 'read', file, at, length })
            return bytes instanceof Uint8Array ? bytes : new Uint8Array()
          },
          async close () {
            closing ??= ask({ do: 'steps', steps: [{ do: 'close', file }] }).then(() => undefined).finally(release)
            return closing
          }
        }
      } catch (error) {
        release()
        throw error
      }
    },
    async run (...steps) { await ask({ do: 'steps', steps }) }
  }
}
