/** What a part measured, as data: sections of rows, each row with every run's values. Owns no text; what it looks like is in table.ts, plot.ts and pages.ts. */

export interface Metric {
  readonly key: string
  /** With its unit: `seconds`, `MB/s`. */
  readonly title: string
  readonly digits: number
  /** `spread`: median, least and most; else that one alone. */
  readonly shown: 'spread' | 'median' | 'max'
}

export interface Row {
  /** What targets and plots ask for: `tcp/256MiB/shoal`. */
  readonly id: string
  /** One for each of the section's labels. */
  readonly labels: readonly string[]
  /** By the metric's key, one per run. */
  readonly values: Readonly<Record<string, readonly number[]>>
}

export interface PlotSpec { readonly metric: string, readonly title: string, readonly unit: string }

export interface Section {
  readonly id: string
  readonly title: string
  readonly labels: readonly string[]
  readonly metrics: readonly Metric[]
  readonly rows: readonly Row[]
  /** The conditions, and what is to be known to read it. */
  readonly notes: readonly string[]
  readonly plot?: PlotSpec
}

/** Not run, and why; a tool that is missing says how to get it. */
export interface Skipped { readonly what: string, readonly why: string }

export interface Report {
  readonly part: string
  readonly sections: readonly Section[]
  readonly skipped: readonly Skipped[]
  /** Runs that did not finish, and copies that did not match. */
  readonly failures: readonly string[]
}
