/** What happened, as one line for people: who asks to join, what arrived, what went wrong. Says nothing that a command depends on. */
import type { ShoalEvent, UserName } from '../contract/index.ts'
import { escapeUnprintable, quoteWord, quoteWords } from './words.ts'

/** `debug`: only with --debug. */
export interface Notice { readonly level: 'notice' | 'warning' | 'debug', readonly text: string }

export const noticeLine = ({ level, text }: Notice): string => `${level} ${escapeUnprintable(text)}`

type GroupEvent = Extract<ShoalEvent, { type: 'group' }>
type DownloadEvent = Extract<ShoalEvent, { type: 'download' }>

const ofGroup = ({ group, user, change }: GroupEvent, me: UserName | undefined): string => {
  const mine = user === me
  switch (change) {
    case 'requested': return `${group}: ${user} asks to join; type: accept_request ${group} ${user}, or reject_request ${group} ${user}`
    case 'accepted': return mine ? `${group}: you are a member now` : `${group}: ${user} is a member now`
    case 'rejected': return mine ? `${group}: your request was turned down` : `${group}: the request of ${user} was turned down`
    case 'left': return `${group}: ${user} left`
    case 'removed': return mine ? `${group}: you were removed` : `${group}: ${user} was removed`
    case 'owner': return mine ? `${group}: you are the owner now` : `${group}: ${user} is the owner now`
    case 'dissolved': return `${group}: the group is gone`
    case 'opened': return `${group}: open now; whoever asks is let in`
    case 'closed': return `${group}: not open any more; ${user} decides about requests`
  }
}

const ofDownload = ({ group, name, change, detail }: DownloadEvent): string => {
  const what = quoteWords([group, name])
  const more = detail === undefined ? '' : `: ${detail}`
  switch (change) {
    case 'started': return `download ${what} started${more}`
    case 'complete': return `download ${what} complete${more}`
    case 'failed': return `download ${what} failed${more}`
    case 'waiting': return `download ${what} waits${more}`
    case 'going': return `download ${what} goes on${more}`
  }
}

/** What the one who typed a command knows by its answer. */
const isKnown = (event: ShoalEvent, me: UserName | undefined): boolean =>
  (event.type === 'file' && event.user === me) || (event.type === 'group' && event.user === me && ['requested', 'left', 'dissolved', 'opened', 'closed'].includes(event.change))

/** @param me who is logged in */
export const noticeOf = (event: ShoalEvent, me: UserName | undefined): Notice | undefined => {
  if (isKnown(event, me)) return undefined
  const notice = (text: string): Notice => ({ level: 'notice', text })
  const warning = (text: string): Notice => ({ level: 'warning', text })
  switch (event.type) {
    case 'group': return notice(ofGroup(event, me))
    case 'file': return notice(`${event.group}: ${event.user} ${event.change === 'withdrawn' ? 'withdrew' : event.change} ${quoteWord(event.name)}`)
    case 'peer': return notice(`${event.user} is ${event.change} (${event.peer})`)
    case 'download': return event.change === 'failed' ? warning(ofDownload(event)) : notice(ofDownload(event))
    case 'share': return warning(`${quoteWords([event.group, event.name])} is not shared: ${event.code}: ${event.detail}`)
    case 'tracker': {
      const more = event.detail === undefined ? '' : `: ${event.detail}`
      return event.change === 'lost' ? warning(`the tracker does not answer; transfers go on, commands wait for it${more}`) : notice(`the tracker is back${more}`)
    }
    // others come and go with what is fetched: list_peers tells
    case 'link': return event.change === 'moved' ? notice(`the link to ${event.user ?? event.peer} moved from ${event.from ?? '?'} to ${event.transport}`) : undefined
    case 'blame': return warning(`peer ${event.peer}: ${event.detail}`)
    case 'warning': return warning(event.detail)
    case 'overflow': return warning('some notices were lost: too many at once')
  }
}
