import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { ContentId } from '../../src/contract/index.ts'
import { amongGone, goneForm, withGone } from '../../src/tracker/gone-contents.ts'

const id = (mark: number): ContentId => createHash('sha256').update(`${mark}`).digest('hex') as ContentId
const ids = (first: number, count: number): ContentId[] => Array.from({ length: count }, (_, i) => id(first + i))
const among = (gone: Uint8Array, contents: readonly ContentId[]): readonly boolean[] => {
  const found = new Set(amongGone(gone, new Set(contents)))
  return contents.map(content => found.has(content))
}

describe('gone contents', () => {
  it('are the last 1,000', () => {
    let gone = withGone(new Uint8Array(), ids(0, 990))
    for (let mark = 990; mark < 1_010; mark++) gone = withGone(gone, [id(mark)])
    expect(gone.byteLength).toBe(32_000)
    expect(among(gone, [id(9), id(10), id(11), id(1_009), id(1_010)])).toEqual([false, true, true, true, false])
    expect(amongGone(gone, new Set(ids(0, 2_000)))).toEqual(ids(10, 1_000))
  })

  it('are there once, as of when they went last', () => {
    const gone = withGone(withGone(new Uint8Array(), ids(0, 30)), [id(3), id(0)])
    expect(amongGone(gone, new Set(ids(0, 30)))).toEqual([...ids(1, 2), ...ids(4, 26), id(3), id(0)])
  })

  it('are found at their places only, not across two of them', () => {
    const [a, b] = [id(1), id(2)]
    const across = `${a}${b}`.slice(32, 96) as ContentId
    expect(among(withGone(new Uint8Array(), [a, b]), [a, across, b])).toEqual([true, false, true])
    expect(among(withGone(new Uint8Array(), [a, b, across]), [across])).toEqual([true])
  })

  it('come back from the state as they were', () => {
    const gone = withGone(new Uint8Array(), ids(0, 1_000))
    expect(goneForm.decode({ key: 'gone/x', revision: 1, value: goneForm.encode(gone) })).toEqual(gone)
  })
})
