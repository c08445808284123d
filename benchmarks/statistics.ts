/** Medians and spreads of repeated runs. */

/** The middle value; the mean of the two middle ones when there is an even number. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const low = sorted[Math.floor((sorted.length - 1) / 2)]
  const high = sorted[Math.ceil((sorted.length - 1) / 2)]
  if (low === undefined || high === undefined) throw new RangeError('The median of nothing.')
  return (low + high) / 2
}

export interface Spread { readonly median: number, readonly min: number, readonly max: number }

export const spread = (values: readonly number[]): Spread => ({ median: median(values), min: Math.min(...values), max: Math.max(...values) })
