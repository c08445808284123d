/** Again and again while the disk is full. */
import { ShoalError } from '../contract/index.ts'
import { pause, systemClock } from '../engine/index.ts'
import type { Clock } from '../engine/index.ts'

const retryMs = 2_000

/** Gives what the attempt gives, and throws what it throws but for STORAGE_FULL; the signal's reason when aborted while it waits. */
export type Patience = <T>(attempt: () => Promise<T>) => Promise<T>

/** @param stalled told why it waits, and `undefined` when it does not */
export const createPatience = (signal: AbortSignal, stalled: (reason: string | undefined) => void, clock: Clock = systemClock): Patience => async attempt => {
  for (;;) {
    try {
      const result = await attempt()
      stalled(undefined)
      return result
    } catch (error) {
      if (!ShoalError.is(error, 'STORAGE_FULL') || signal.aborted) throw error
      stalled(error.message)
      await pause(clock, retryMs, signal)
      signal.throwIfAborted()
    }
  }
}
