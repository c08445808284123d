import { describe, expect, it } from 'vitest'
import { compare } from '../../benchmarks/compare.ts'
import type { Report } from '../../benchmarks/report/report.ts'
import { targets } from '../../benchmarks/targets.ts'
import type { Target } from '../../benchmarks/targets.ts'

const report = (values: Readonly<Record<string, readonly number[]>>): Report => ({
  part: 'p', skipped: [], failures: [],
  sections: [{ id: 's', title: '', labels: [], metrics: [], notes: [], rows: Object.entries(values).map(([id, rate]) => ({ id, labels: [], values: { rate } })) }]
})
const ratio: Target = { part: 'p', what: 'ours over theirs', of: { row: 'ours', metric: 'rate', take: 'median' }, over: { row: 'theirs', metric: 'rate', take: 'median' }, limit: 0.5, sense: 'at least' }
const verdict = (values: Readonly<Record<string, readonly number[]>>, target = ratio): unknown => compare([report(values)], [target])[0]

describe('a target', () => {
  it('is reached exactly at its limit', () => { expect(verdict({ ours: [9, 5, 1], theirs: [10] })).toMatchObject({ verdict: 'reached', value: 0.5 }) })
  it('is missed below it', () => { expect(verdict({ ours: [4.9], theirs: [10] })).toMatchObject({ verdict: 'missed' }) })
  it('that is a bound from above is missed above it', () => { expect(verdict({ ours: [6], theirs: [10] }, { ...ratio, sense: 'at most' })).toMatchObject({ verdict: 'missed' }) })
  it('without its rows is neither reached nor missed', () => { expect(verdict({ ours: [6] })).toMatchObject({ verdict: 'not measured', value: undefined }) })
  it('of a part that did not run is not spoken of', () => { expect(compare([report({})], [{ ...ratio, part: 'another' }])).toEqual([]) })
  it('takes the worst run where it says so', () => { expect(verdict({ ours: [1, 2, 30] }, { part: 'p', what: '', of: { row: 'ours', metric: 'rate', take: 'max' }, limit: 20, sense: 'at most' })).toMatchObject({ verdict: 'missed', value: 30 }) })
  it('is told apart from every other', () => { expect(new Set(targets.map(({ what }) => what)).size).toBe(targets.length) })
})
