/** What comes over a line while a run goes on, by the counter of the receiver's network; and how much of the line that is once it has settled. */
import { read } from '../../measure.ts'

export interface Sample { readonly seconds: number, readonly bytes: number }

export interface LineWatch extends Disposable {
  watch (pid: number): void
  /** @returns samples since it began, of which the last is from just now, or from just before the process ended */
  stop (): readonly Sample[]
}

const everyMs = 50

export const watchLine = (): LineWatch => {
  const samples: Sample[] = []
  let timer: NodeJS.Timeout | undefined
  const stop = (): readonly Sample[] => { clearInterval(timer); return samples }
  return {
    watch (pid) {
      const from = performance.now()
      const first = read(pid)?.netBytes
      if (first === undefined) return
      timer = setInterval(() => {
        try { samples.push({ seconds: (performance.now() - from) / 1000, bytes: (read(pid)?.netBytes ?? first) - first }) } catch { stop() } // it has ended
      }, everyMs)
    },
    stop,
    [Symbol.dispose]: stop
  }
}

/**
 * The part of a line that was used from `after` seconds until the bytes of the file had come: as frames, and as bytes of the file.
 * @param rate of the line, bytes per second
 */
export const lineUse = (samples: readonly Sample[], { fileBytes, rate, after }: { readonly fileBytes: number, readonly rate: number, readonly after: number }): { readonly frames: number, readonly file: number } | undefined => {
  const total = samples.at(-1)?.bytes ?? 0
  const begin = samples.find(({ seconds }) => seconds >= after)
  const end = samples.find(({ bytes }) => bytes >= 0.999 * total)
  if (begin === undefined || end === undefined || end.seconds - begin.seconds < 0.5) return undefined
  const frames = (end.bytes - begin.bytes) / (end.seconds - begin.seconds) / rate
  return { frames, file: frames * fileBytes / total }
}
