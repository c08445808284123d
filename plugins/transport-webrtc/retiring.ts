/**
 * What happens to a socket after its network stopped. libdatachannel 0.24.5 (node-datachannel 0.33.4) leaves a flag of its UDP listener uninitialised, so that
 * stopping one often does nothing but free it: its socket stays open, and the next STUN packet from anywhere ends the process with SIGSEGV. So one is not closed
 * but made deaf by its owner, and kept here for the next network that listens there, until nothing else keeps the process alive; then it is closed, because it
 * would itself. Drop this when `mStopped` has a value from the start.
 */
import type { Socket } from './sockets.ts'

/** How long a process outlives its last work at most, because of this. */
const lookMs = 100

const retired = new Set<Socket>()

/** Standard input and output stand in the list even when nobody reads or writes: they tell nothing. */
const telling = (kind: string): boolean => kind !== 'PipeWrap' && kind !== 'TTYWrap'

/** Whether somebody waits for input. One that was let go (`unref`) does not keep the process. */
const readsInput = (): boolean => {
  const { destroyed, readableFlowing, readableEnded } = process.stdin
  const handle: unknown = Reflect.get(process.stdin, '_handle')
  const isHeld = typeof handle === 'object' && handle !== null && 'hasRef' in handle && typeof handle.hasRef === 'function' && Reflect.apply(handle.hasRef, handle, []) === true
  return isHeld && !destroyed && readableFlowing === true && !readableEnded
}

/** A process that another one drives (a pool of workers) ends when that one says so. */
const isDriven = (): boolean => process.connected && (process.listenerCount('message') > 0 || process.listenerCount('disconnect') > 0)

const othersAlive = (): boolean => isDriven() || readsInput() || process.getActiveResourcesInfo().some(telling)

let timer: ReturnType<typeof setInterval> | undefined

/** Keeps a socket that hears nothing any more, and closes it in the end. */
export const retire = (socket: Socket): void => {
  retired.add(socket)
  timer ??= setInterval(() => {
    if (othersAlive()) return
    clearInterval(timer)
    timer = undefined
    for (const each of retired) void each.close()
    retired.clear()
  }, lookMs).unref() // the sockets themselves keep the process alive, and it running
}

/** @param port undefined for any. @returns one that was kept, which is the caller's now */
export const recall = (host: string, certhash: string, port?: number): Socket | undefined => {
  const found = [...retired].find(each => each.host === host && each.certhash === certhash && (port === undefined || each.port === port))
  if (found !== undefined) retired.delete(found)
  return found
}
