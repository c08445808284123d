import { describe, expect, it } from 'vitest'
import { compare, statusOf } from '../../benchmarks/compare.ts'
import type { Report } from '../../benchmarks/report/report.ts'
import { targets } from '../../benchmarks/targets.ts'
import type { Target } from '../../benchmarks/targets.ts'

const report = (values: Readonly<Record<string, readonly number[]>>): Report => ({
  part: 'p', skipped: [], failures: [],
  sections: [{ id: 's', title: '', labels: [], metrics: [], notes: [], rows: Object.entries(values).map(([id, rate]) => ({ id, labels: [], values: { rate } })) }]
})
const ratio: Target = { part: 'p', what: 'ours over theirs', of: { row: 'ours', metric: 'rate', take: 'median' }, over: { row: 'theirs', metric: 'rate', take: 'median' }, limit: 0.5, sense: 'at least' }
const verdict = (values: Readonly<Record<string, readonly number[]>>, target = ratio): unknown => compare([report(values)], [target])[0]

describe('the exit status', () => {
  const reports = [report({ ours: [4], theirs: [10] })]
  const missed = compare(reports, [ratio])
  it.each([
    ['a target was missed and --check asks for it', 1, statusOf(reports, missed, { check: true })],
    ['a target was missed and nobody asks', 0, statusOf(reports, missed, { check: false })],
    ['all targets were reached', 0, statusOf(reports, compare(reports, [{ ...ratio, limit: 0.4 }]), { check: true })],
    ['a target was not measured', 0, statusOf(reports, compare(reports, [{ ...ratio, part: 'p', of: { ...ratio.of, row: 'none' } }]), { check: true })],
    ['a run failed', 1, statusOf([{ ...report({}), failures: ['a copy differs'] }], [], { check: false })]
  ])('when %s is %d', (_, status, given) => { expect(given).toBe(status) })
})

describe('a target', () => {
  it('is reached exactly at its limit', () => { expect(verdict({ ours: [9, 5, 1], theirs: [10] })).toMatchObject({ verdict: 'reached', value: 0.5 }) })
  it('is missed below it', () => { expect(verdict({ ours: [4.9], theirs: [10] })).toMatchObject({ verdict: 'missed' }) })
  it('that is a bound from above is missed above it', () => { expect(verdict({ ours: [6], theirs: [10] }, { ...ratio, sense: 'at most' })).toMatchObject({ verdict: 'missed' }) })
  it('without its rows is neither reached nor missed', () => { expect(verdict({ ours: [6] })).toMatchObject({ verdict: 'not measured', value: undefined }) })
  it('of a part that did not run is not spoken of', () => { expect(compare([report({})], [{ ...ratio, part: 'another' }])).toEqual([]) })
  it('takes the worst run where it says so', () => { expect(verdict({ ours: [1, 2, 30] }, { part: 'p', what: '', of: { row: 'ours', metric: 'rate', take: 'max' }, limit: 20, sense: 'at most' })).toMatchObject({ verdict: 'missed', value: 30 }) })
  it('is told apart from every other', () => { expect(new Set(targets.map(({ what }) => what)).size).toBe(targets.length) })
})
