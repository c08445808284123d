/**
 * What a peer does not show of itself: its session's account of memory, and its links over time. A second session is fed with what the peer's own was fed,
 * as it comes, and looked at after each fact. (That it does the same is shown by test/engine/replay.test.ts.)
 */
import rarestFirst from 'shoal/plugins/selector-rarest-first'
import type { PeerId } from '../../src/contract/index.ts'
import type { Limits, LinkId, Session, SessionView } from '../../src/core/io.ts'
import { createSession } from '../../src/core/session.ts'
import type { Recorded } from '../../src/engine/index.ts'

export interface Twin {
  /** For `createShoal`. */
  readonly record: (entry: Recorded) => void
  readonly seed: number
  /** To be called when the peer's id is known; what was recorded before is fed then. */
  begin (peer: PeerId): Promise<void>
  readonly view: SessionView
  /** The most that there ever was at a time. */
  readonly most: { readonly downBytes: number, readonly upBytes: number, readonly owedBytes: number }
  /** Links there ever were to a peer, with why each ended, if it did. */
  linksTo (peer: PeerId): readonly { readonly link: LinkId, readonly ended: string | undefined }[]
  /** Links on which something was ever requested. */
  readonly asked: ReadonlySet<LinkId>
  /** Effects of each type so far. */
  count (type: string): number
}

export const createTwin = (limits?: Limits, seed = 7): Twin => {
  const early: Recorded[] = []
  const links = new Map<LinkId, { readonly peer: PeerId, ended: string | undefined }>()
  const effects = new Map<string, number>()
  const asked = new Set<LinkId>()
  const most = { downBytes: 0, upBytes: 0, owedBytes: 0 }
  let session: Session | undefined

  const feed = (entry: Recorded): void => {
    if (session === undefined) { early.push(entry); return }
    if ('effect' in entry) {
      const { effect } = entry
      effects.set(effect.type, (effects.get(effect.type) ?? 0) + 1)
      if (effect.type === 'send' && effect.message.type === 'request') asked.add(effect.link)
      const ending = effect.type === 'unlink' ? links.get(effect.link) : undefined
      if (ending !== undefined && effect.type === 'unlink') ending.ended = effect.why
      return
    }
    const { input, now } = entry
    if (input.type === 'linked') links.set(input.link, { peer: input.peer, ended: undefined })
    const ended = input.type === 'unlinked' ? links.get(input.link) : undefined
    if (ended !== undefined) ended.ended ??= 'by the other side, or for what it said'
    session.handle(input, now)
    while (session.poll() !== undefined);
    const { downBytes, upBytes, links: open } = session.view
    most.downBytes = Math.max(most.downBytes, downBytes)
    most.upBytes = Math.max(most.upBytes, upBytes)
    for (const { owedBytes } of open) most.owedBytes = Math.max(most.owedBytes, owedBytes)
  }

  return {
    seed, most, asked,
    record: feed,
    async begin (peer) {
      const selector = await rarestFirst().create({ log: () => undefined })
      session = createSession({ peer, seed, selector, ...(limits === undefined ? {} : { limits }) })
      for (const entry of early.splice(0)) feed(entry)
    },
    get view () {
      if (session === undefined) throw new Error('The twin has not begun.')
      return session.view
    },
    linksTo: peer => [...links].filter(([, link]) => link.peer === peer).map(([link, { ended }]) => ({ link, ended })),
    count: type => effects.get(type) ?? 0
  }
}
