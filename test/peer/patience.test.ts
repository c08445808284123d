/** Waiting for a disk that is full, in virtual time. */
import { expect, it } from 'vitest'
import { ShoalError } from '../../src/contract/index.ts'
import { createPatience } from '../../src/peer/patience.ts'
import { quiet, virtualClock } from '../engine/virtual-clock.ts'

const full = (): Promise<never> => Promise.reject(new ShoalError('STORAGE_FULL', 'No space.'))

it('what a full disk refuses is tried every two seconds, and what it waits for is said', async () => {
  const [clock, said] = [virtualClock(), [] as (string | undefined)[]]
  let tries = 0
  const work = createPatience(new AbortController().signal, reason => { said.push(reason) }, clock)(() => ++tries < 3 ? full() : Promise.resolve('written'))
  await quiet()
  clock.advance(1_999)
  await quiet()
  expect(tries).toBe(1)
  clock.advance(2_001)
  await quiet()
  clock.advance(2_000)
  expect(await work).toBe('written')
  expect(said).toEqual(['No space.', 'No space.', undefined])
})

it('an end does not wait for the disk, and leaves no timer', async () => {
  const [clock, abort, reason] = [virtualClock(), new AbortController(), new Error('over')]
  const work = expect(createPatience(abort.signal, () => undefined, clock)(full)).rejects.toBe(reason)
  await quiet()
  abort.abort(reason)
  await work
  expect(clock.pending).toBe(0)
})

it('another error is not waited for', async () => {
  const failed = new ShoalError('STORAGE_FAILED', 'Broken.')
  await expect(createPatience(new AbortController().signal, () => undefined, virtualClock())(() => Promise.reject(failed))).rejects.toBe(failed)
})
