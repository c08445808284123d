/** What is shown of a transfer between two processes. */
import type { Metric } from '../../report/report.ts'

export const transferMetrics: readonly Metric[] = [
  { key: 'seconds', title: 'seconds', digits: 3, shown: 'spread' },
  { key: 'rate', title: 'MB/s', digits: 0, shown: 'median' },
  { key: 'cpu-sharer', title: 'CPU s sharer', digits: 2, shown: 'median' },
  { key: 'cpu-downloader', title: 'CPU s downloader', digits: 2, shown: 'median' },
  { key: 'cpu-both', title: 'CPU s one process', digits: 2, shown: 'median' },
  { key: 'peak-sharer', title: 'peak MB sharer', digits: 0, shown: 'max' },
  { key: 'peak-downloader', title: 'peak MB downloader', digits: 0, shown: 'max' },
  { key: 'peak-both', title: 'peak MB one process', digits: 0, shown: 'max' }
]

/** Of a line whose rate is known. */
export const lineMetrics: readonly Metric[] = [
  { key: 'line-file', title: 'line used by the file', digits: 3, shown: 'spread' },
  { key: 'line-frames', title: 'by frames', digits: 3, shown: 'median' }
]
