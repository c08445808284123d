/** Addresses in lanes, in virtual time. A case is what each address does: `answers 50` links after so long, `fails 10`, `greets 100` answers then links never, `silent`. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { race } from '../../src/network/race.ts'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

interface Run { readonly begun: string[], readonly aborted: string[], readonly passed: number[], readonly failed: string[], readonly discarded: string[], result: string }

const run = async (lanes: readonly (readonly string[])[], ms: number, signal = new AbortController().signal): Promise<Run> => {
  const since = performance.now()
  const told: Run = { begun: [], aborted: [], passed: [], failed: [], discarded: [], result: 'nothing yet' }
  const at = (): number => Math.round(performance.now() - since)
  race<string, string>({
    lanes, signal,
    attempt: (address, own, answered) => new Promise((resolve, reject) => {
      told.begun.push(`${at()} ${address}`)
      own.addEventListener('abort', () => { told.aborted.push(address); if (!address.startsWith('deaf')) reject(own.reason as Error) })
      const [how, after] = [address.split(' ')[0], Number(address.split(' ')[1] ?? 0)]
      if (how === 'answers' || how === 'deaf') setTimeout(() => { resolve(address) }, after)
      if (how === 'fails') setTimeout(() => { reject(new Error('refused')) }, after)
      if (how === 'greets') setTimeout(answered, after)
    }),
    failed: address => { told.failed.push(address) },
    passed: lane => { told.passed.push(lane) },
    discard: late => { told.discarded.push(late) }
  }).then(
    linked => { told.result = `${at()} ${linked ?? 'nobody'}` },
    (error: unknown) => { told.result = `${at()} ${String(error)}` })
  await vi.advanceTimersByTimeAsync(ms)
  return told
}

describe('a race of transports', () => {
  it('is won by the first that answers, and no other is begun', async () => {
    expect(await run([['answers 50'], ['answers 1']], 5_000)).toMatchObject({ result: '50 answers 50', begun: ['0 answers 50'], passed: [], aborted: [] })
  })

  it('goes on at once when the preferred one refuses', async () => {
    expect(await run([['fails 3', 'fails 3'], ['answers 5']], 5_000)).toMatchObject({ result: '11 answers 5', passed: [0], failed: ['fails 3', 'fails 3'] })
  })

  it('passes by one that says nothing within 2 s, however many addresses it has, up to the fourth', async () => {
    const dead = Array.from({ length: 8 }, () => 'silent')
    expect(await run([dead, ['answers 5']], 5_000)).toMatchObject({ result: '1005 answers 5', passed: [0] })
    const fourth = await run([dead, dead, dead, ['answers 5']], 5_000)
    expect(fourth).toMatchObject({ result: '1805 answers 5', passed: [0, 1, 2] })
    expect(fourth.aborted).toHaveLength(fourth.begun.length - 1)
  })

  it('gives one that answered longer for its handshake, but less than 2 s', async () => {
    expect((await run([['greets 900'], ['answers 5']], 5_000)).result).toBe('1905 answers 5')
    expect((await run([['greets 900', 'greets 100'], ['answers 5']], 5_000)).result).toBe('1905 answers 5')
  })

  it('is still won by the preferred one, if that is faster in the end; the other is aborted and let go', async () => {
    expect(await run([['answers 1500'], ['answers 5000']], 9_000)).toMatchObject({ result: '1500 answers 1500', passed: [], aborted: ['answers 5000'] })
    expect((await run([['answers 1500'], ['deaf 2000']], 9_000)).discarded).toEqual(['deaf 2000'])
  })

  it('tries the next address of a transport soon, and at once after a refusal', async () => {
    expect((await run([['silent', 'fails 50', 'answers 10']], 5_000)).begun).toEqual(['0 silent', '400 fails 50', '450 answers 10'])
  })

  it('is lost when all have failed, and not before', async () => {
    expect((await run([['fails 1200'], ['fails 3000', 'fails 10']], 9_000)).result).toBe('4000 nobody')
    expect((await run([], 1)).result).toBe('0 nobody')
  })

  it('ends with the reason of its signal, and everything with it', async () => {
    const stop = new AbortController()
    setTimeout(() => { stop.abort('enough') }, 1_700)
    const told = await run([['silent'], ['silent', 'silent'], ['answers 9000']], 9_000, stop.signal)
    expect([told.result, ...told.aborted.toSorted()]).toEqual(['1700 enough', 'answers 9000', 'silent', 'silent', 'silent'])
    expect((await run([['silent']], 1, AbortSignal.abort('enough'))).result).toBe('0 enough')
  })

  it('leaves no timer behind', async () => {
    await run([['silent'], ['silent'], ['answers 5']], 5_000)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('never aborts the signal of the winner', async () => {
    const stop = new AbortController()
    const told = await run([['answers 5']], 100, stop.signal)
    stop.abort('later')
    expect(told.aborted).toEqual([])
  })
})
