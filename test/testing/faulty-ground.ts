/** An operating system that fails when it is told to: a real one below, every call of an open file told to `fault` first. */
import type { FileHandle } from 'node:fs/promises'
import { ground as realGround } from '../../plugins/storage-file/ground.ts'
import type { Ground } from '../../plugins/storage-file/ground.ts'

/** An error like those of the system. */
export const systemError = (code: string): Error => Object.assign(new Error(`${code}: injected`), { code })

/** A call that does not return: the process might as well have been killed there. */
export const forEver = async (): Promise<never> => new Promise(() => { /* never */ })

export interface Call {
  /** `open`, `link`, or a method of an open file. */
  readonly method: string
  readonly path: string
  readonly args: readonly unknown[]
}

/** Does nothing, throws, waits, or returns bytes that a write is shortened to. */
export type Fault = (call: Call) => number | undefined | Promise<number | undefined>

const shortened = (parts: readonly Uint8Array[], most: number): readonly Uint8Array[] => {
  const taken: Uint8Array[] = []
  let left = most
  for (const part of parts) {
    taken.push(part.subarray(0, left))
    left -= Math.min(left, part.byteLength)
  }
  return taken
}

const watched = (handle: FileHandle, path: string, fault: Fault): FileHandle => new Proxy(handle, {
  get (target, name) {
    const value: unknown = Reflect.get(target, name, target)
    if (typeof value !== 'function') return value
    if (name === 'close') return value.bind(target) as unknown
    return async (...args: readonly unknown[]): Promise<unknown> => {
      const most = await fault({ method: String(name), path, args })
      const given = name === 'writev' && most !== undefined ? [shortened(args[0] as readonly Uint8Array[], most), ...args.slice(1)] : args
      return Reflect.apply(value, target, given) as unknown
    }
  }
})

export const faultyGround = (fault: Fault): Ground => ({
  ...realGround,
  async open (path, flags, mode) {
    await fault({ method: 'open', path, args: [flags, mode] })
    return watched(await realGround.open(path, flags, mode), path, fault)
  },
  async link (from, to) {
    await fault({ method: 'link', path: to, args: [from] })
    await realGround.link(from, to)
  }
})
