/**
 * The shape of every contract suite: a list of named cases over a subject, and the thin wrapper that hands them to vitest, or to Node's own test runner where
 * there is no vitest. A case throws when its subject breaks the contract, so that a test can also run one case against a deliberately broken subject and see it
 * fail.
 */

/** One fact about a subject: `run` throws, or rejects, when it does not hold. Every case is independent of the others. */
export interface SuiteCase<T> {
  readonly name: string
  /** For slow cases. @default 30,000 */
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

/** What both runners have. */
interface Runner {
  describe (name: string, body: () => void): unknown
  it (name: string, options: { readonly timeout: number }, body: (context: { skip (reason?: string): void }) => Promise<void>): unknown
}
const runner: Runner = process.env.VITEST === undefined ? await import('node:test') : await import('vitest')

const usualMs = 30_000

/**
 * Registers the cases with the test runner that runs this file.
 * @param make called once per case
 */
export const runSuite = <T>(name: string, cases: readonly SuiteCase<T>[], make: () => Promise<Subject<T>> | Subject<T>): void => {
  runner.describe(name, () => {
    for (const { name: fact, timeoutMs = usualMs, skip, run } of cases) {
      runner.it(fact, { timeout: timeoutMs }, async context => {
        if (skip !== undefined) { context.skip(skip); return }
        const { subject, release } = await make()
        try { await run(subject) } finally { await release?.() }
      })
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
