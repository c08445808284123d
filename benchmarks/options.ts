/** What was typed after `bench`. */
import { parseArgs } from 'node:util'
import { parseSize } from './quantities.ts'

export interface BenchOptions {
  readonly parts: readonly string[]
  /** As `--transport` names them; plugins by path, too. */
  readonly transports: readonly string[]
  /** Bytes. */
  readonly sizes: readonly number[]
  readonly sizesGiven: boolean
  readonly runs: number
  /** Whether that is what was asked for: else a part may have its own number. */
  readonly runsGiven: boolean
  /** What takes long, too. */
  readonly full: boolean
  /** Of the line in throughput: milliseconds there and back. One of them, when no part was named: that is to be over in 10 minutes. */
  readonly delays: readonly number[]
  readonly quick: boolean
  readonly json: boolean
  readonly write: boolean
  readonly check: boolean
  /** A folder in place of benchmarks/results. */
  readonly results: string | undefined
}

/** A mistake in what was typed: printed without a stack. */
export class UsageError extends Error {}

const listOf = (text: string): readonly string[] => text.split(',').map(word => word.trim()).filter(word => word !== '')

const read = (words: readonly string[]): ReturnType<typeof parse> => {
  try { return parse(words) } catch (error) { throw new UsageError(error instanceof Error ? error.message : String(error)) }
}

const parse = (words: readonly string[]) => parseArgs({
  args: [...words], allowPositionals: true,
  options: {
    transport: { type: 'string' }, sizes: { type: 'string' }, runs: { type: 'string' }, delays: { type: 'string' }, results: { type: 'string' },
    quick: { type: 'boolean', default: false }, full: { type: 'boolean', default: false }, json: { type: 'boolean', default: false }, write: { type: 'boolean', default: false }, check: { type: 'boolean', default: false }
  }
})

/** @param known the parts that there are @throws UsageError */
export const readOptions = (words: readonly string[], known: readonly string[]): BenchOptions => {
  const { values, positionals } = read(words)
  const { quick, json, write, check } = values
  const unknown = positionals.find(name => !known.includes(name))
  if (unknown !== undefined) throw new UsageError(`There is no part "${unknown}". There are: ${known.join(', ')}.`)
  const sizes = listOf(values.sizes ?? (quick ? '16MiB' : '16MiB,256MiB')).map(text => {
    const bytes = parseSize(text)
    if (bytes === undefined) throw new UsageError(`--sizes: "${text}" is no size. Write 16MiB,1GiB.`)
    return bytes
  })
  const runs = Number(values.runs ?? '5')
  if (!Number.isInteger(runs) || runs < 1) throw new UsageError(`--runs: "${values.runs ?? ''}" is no whole number above 0.`)
  const delays = listOf(values.delays ?? (positionals.length === 0 ? '100' : '0,20,50,100')).filter(text => text !== 'none').map(text => {
    const delay = Number(text)
    if (!(delay >= 0 && delay <= 2000)) throw new UsageError(`--delays: "${text}" is no number of milliseconds up to 2000.`)
    return delay
  })
  return { parts: positionals.length === 0 ? ['throughput'] : positionals, transports: listOf(values.transport ?? 'tcp,quic,webrtc,memory'), sizes, sizesGiven: values.sizes !== undefined, runs, runsGiven: values.runs !== undefined, full: values.full, delays, quick, json, write, check, results: values.results }
}
