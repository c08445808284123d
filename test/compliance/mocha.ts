/** The words of mocha that libp2p's suites are written in, for vitest. Owns no case and takes none away; a case that skips itself shows as skipped. */
import { afterAll, beforeAll, it } from 'vitest'

interface Mocha { timeout (ms: number): void, slow (ms: number): void, skip (): void }
type Body = (this: Mocha) => unknown

/** The time limit of a case is that of the project in vitest.config.ts; mocha's is set from inside the case. */
const mochaIt = (name: string, body: Body): void => {
  it(name, ({ skip }) => body.call({ timeout () {}, slow () {}, skip () { skip('it skips itself') } }) as Promise<void>)
}

Object.assign(globalThis, { before: beforeAll, after: afterAll, it: Object.assign(mochaIt, { skip: it.skip, only: it.only }) })
