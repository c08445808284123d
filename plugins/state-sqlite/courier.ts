/**
 * Carries requests to the database's thread. What is asked while a batch is under way, or within one turn of the event loop, goes together in the next
 * batch: so many transactions pay for one sync of the disk, and the event loop never waits for any. Owns failures of the thread, not their meaning.
 */
import { ShoalError } from 'shoal/plugin'
import type { Answer, Failure, FromWorker, Request, Settings, Standing, ToWorker } from './requests.ts'
import { failureOf } from './failure.ts'
import { startWorker } from './worker.ts'

/** Bounds how long one commit takes. */
const maxBatch = 256

export interface Courier {
  /** As of the last batch that was answered. */
  readonly standing: Standing
  /** @throws ShoalError STATE_FAILED */
  ask (request: Request): Promise<Answer>
  /** After every answered batch that changed something. */
  onChange: (requests: readonly Request[], answers: readonly Answer[]) => void
  /** Waits for what was asked, then closes the database. */
  stop (): Promise<void>
}

interface Waiting { readonly request: Request, readonly answered: (answer: Answer) => void, readonly failed: (error: ShoalError) => void }

const sqliteRemedies: Readonly<Record<number, string>> = {
  5: 'another process has it open. Stop that process, or choose another path.',
  6: 'another process has it open. Stop that process, or choose another path.',
  8: 'it may not be written. Check the permissions of the file and its folder.',
  10: 'reading or writing the disk failed. Check the disk.',
  11: 'the file is damaged. Restore it from a copy.',
  13: 'no space is left. Free space, then try again.',
  14: 'the file cannot be opened. Check the permissions of the file and its folder.',
  26: 'the file is no SQLite database. Choose another path.'
}

const failed = (what: string, { path }: Settings, { message, code }: Failure): ShoalError =>
  new ShoalError('STATE_FAILED', `Cannot ${what} the database ${path}: ${sqliteRemedies[code] ?? `${message}. Check the disk and the permissions.`}`, { cause: new Error(message) })

/** @throws ShoalError STATE_FAILED */
export const startCourier = async (settings: Settings): Promise<Courier> => {
  const worker = startWorker(settings)
  const queue: Waiting[] = []
  let underWay: readonly Waiting[] = []
  let standing: Standing = { revision: 0, number: 0 }
  let scheduled = false
  let broken: ShoalError | undefined
  const opened = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  const idle: (() => void)[] = []

  const send = (): void => {
    scheduled = false
    if (underWay.length > 0 || broken !== undefined) return
    underWay = queue.splice(0, maxBatch)
    if (underWay.length === 0) {
      // nothing is owed: the thread alone does not keep the process alive
      worker.unref()
      for (const resolve of idle.splice(0)) resolve()
      return
    }
    worker.ref()
    worker.postMessage({ type: 'batch', requests: underWay.map(({ request }) => request) } satisfies ToWorker)
  }

  const breakDown = (error: ShoalError): void => {
    broken ??= error
    opened.reject(broken)
    closed.resolve()
    for (const { failed } of [...underWay, ...queue.splice(0)]) failed(broken)
    underWay = []
    for (const resolve of idle.splice(0)) resolve()
  }

  const courier: Courier = {
    get standing () { return standing },
    onChange: () => { /* nobody watches yet */ },
    ask: request => new Promise((resolve, reject) => {
      if (broken !== undefined) throw broken
      queue.push({ request, answered: resolve, failed: reject })
      if (scheduled || underWay.length > 0) return
      scheduled = true
      queueMicrotask(send)
    }),
    async stop () {
      if (broken !== undefined) return
      if (underWay.length > 0 || queue.length > 0) await new Promise<void>(resolve => { idle.push(resolve) })
      worker.ref()
      worker.postMessage({ type: 'close' } satisfies ToWorker)
      await closed.promise
    }
  }

  worker.on('message', (message: FromWorker) => {
    switch (message.type) {
      case 'opened':
        standing = message.standing
        worker.unref()
        opened.resolve()
        break
      case 'unopened': breakDown(failed('open', settings, message.failure)); break
      case 'batch': {
        const batch = underWay
        const before = standing
        underWay = []
        standing = message.standing
        message.answers.forEach((answer, i) => {
          if (answer.type === 'failed') batch[i]?.failed(failed('use', settings, answer.failure))
          else batch[i]?.answered(answer)
        })
        if (standing.revision !== before.revision) courier.onChange(batch.map(({ request }) => request), message.answers)
        send()
        break
      }
      case 'closed':
        breakDown(message.failure === undefined
          ? new ShoalError('STATE_FAILED', `Cannot use the database ${settings.path}: it was closed. Open it again.`)
          : failed('close', settings, message.failure))
        break
    }
  })
  worker.on('error', (error: unknown) => { breakDown(failed('use', settings, failureOf(error))) })
  worker.on('exit', () => { breakDown(failed('use', settings, { message: 'its thread ended', code: 0 })) })

  await opened.promise
  return courier
}
