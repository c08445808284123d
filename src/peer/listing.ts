/** A group's catalog as a stream: pages from the tracker, entries to the reader, one page in memory at a time. */
import { pipe } from 'it-pipe'
import type { CatalogFile, GroupId, NameTag, TrackerSession } from '../contract/index.ts'
import { myGroup } from './house.ts'
import type { Account } from './house.ts'

async function * pages (session: TrackerSession, group: GroupId, signal: AbortSignal | undefined): AsyncGenerator<readonly CatalogFile[]> {
  let after: NameTag | undefined
  for (;;) {
    const page = await session.files(group, { ...(after === undefined ? {} : { after }), ...(signal === undefined ? {} : { signal }) })
    if (page.length === 0) return
    yield page
    after = page.at(-1)?.tag
  }
}

async function * entries (source: AsyncIterable<readonly CatalogFile[]>): AsyncGenerator<CatalogFile> {
  for await (const page of source) yield * page
}

/** @throws ShoalError NOT_FOUND at the first read */
export async function * listFiles (account: Account, group: string, signal: AbortSignal | undefined): AsyncGenerator<CatalogFile> {
  const { id } = await myGroup(account, group, signal)
  yield * pipe(() => pages(account.session, id, signal), entries)
}
