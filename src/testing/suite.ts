/**
 * The shape of every contract suite: a list of named cases over a subject, and the thin wrapper that hands them to vitest. A case throws when its
 * subject breaks the contract, so that a test can also run one case against a deliberately broken subject and see it fail.
 */
import { describe, it } from 'vitest'

/** One fact about a subject: `run` throws, or rejects, when it does not hold. Every case is independent of the others. */
export interface SuiteCase<T> {
  readonly name: string
  /** For slow cases. @default vitest's own limit */
  readonly timeoutMs?: number
  /** Why this subject cannot be held to it. The case is then shown as skipped, with this reason. */
  readonly skip?: string
  run (subject: T): Promise<void> | void
}

/** Makes what a case runs on, afresh for each case, and says how to lay it down again. */
export interface Subject<T> {
  readonly subject: T
  readonly release?: () => Promise<void> | void
}

/**
 * Registers the cases with vitest.
 * @param make called once per case
 */
export const runSuite = <T>(name: string, cases: readonly SuiteCase<T>[], make: () => Promise<Subject<T>> | Subject<T>): void => {
  describe(name, () => {
    for (const suiteCase of cases) {
      it(suiteCase.name, async ({ skip }) => {
        if (suiteCase.skip !== undefined) skip(suiteCase.skip)
        const { subject, release } = await make()
        try { await suiteCase.run(subject) } finally { await release?.() }
      }, suiteCase.timeoutMs)
    }
  })
}

/** Runs every case and gives the names of those that failed, with why: for showing that a suite can fail. */
export const failures = async <T>(cases: readonly SuiteCase<T>[], make: () => Promise<Subject<T>> | Subject<T>): Promise<ReadonlyMap<string, unknown>> => {
  const failed = new Map<string, unknown>()
  for (const suiteCase of cases) {
    if (suiteCase.skip !== undefined) continue
    const { subject, release } = await make()
    try { await suiteCase.run(subject) } catch (error) { failed.set(suiteCase.name, error) } finally { await release?.() }
  }
  return failed
}
