/** Ctrl-C and kill: the first asks to end, the second ends at once. Owns the handlers, not what ending means. */
import { ShoalError } from '../contract/index.ts'
import { exitStatus } from '../contract/index.ts'

export interface Ending {
  readonly signal: AbortSignal
  /** What asked for it: a signal of the system, or a reader of our output that is gone. */
  readonly cause: 'SIGINT' | 'SIGTERM' | 'output closed' | 'quit' | undefined
  end (cause: 'SIGINT' | 'SIGTERM' | 'output closed' | 'quit'): void
}

export const createEnding = (): Ending => {
  const controller = new AbortController()
  let cause: Ending['cause']
  return {
    signal: controller.signal,
    get cause () { return cause },
    end: why => {
      cause ??= why
      controller.abort(new ShoalError('INTERRUPTED', 'The command was interrupted. Run it again: it goes on where it stopped.'))
    }
  }
}

/** Of the process, for as long as it lives. */
export const endOnSignals = (ending: Ending): void => {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (ending.signal.aborted) process.exit(exitStatus.interrupted)
      ending.end(name)
    })
  }
}

export const aborted = async (signal: AbortSignal): Promise<void> => {
  if (signal.aborted) return
  await new Promise<void>(resolve => { signal.addEventListener('abort', () => { resolve() }, { once: true }) })
}
