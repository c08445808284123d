/**
 * Opens of what we do not share with their sender: no such content here, not in that group, not with that peer. They wait for the same judgement of their
 * credential as every other open, and whoever says more meanwhile is cut off alike: so neither the refusal nor its time tells which it was. Owns what is
 * remembered of them until then; their channels do not exist.
 */
import type { Core, Link } from './core.ts'
import type { MessageOf } from './message.ts'

/** A peer that opens the same content more often than this on one link does nothing else. */
export const maxReopened = 32

/** @param key of group and content. @returns what is wrong with it */
export const openUnknown = (core: Core, link: Link, key: string, { number, group, content, credential }: MessageOf<'open'>): string | undefined => {
  const reopened = (link.unknown.get(key)?.reopened ?? -1) + 1
  if (reopened > maxReopened) return 'it opens the same content again and again'
  forgetUnknown(link, key)
  link.unknown.set(key, { number, reopened })
  link.unknownKeys.set(number, key)
  core.effects.push({ type: 'admit', link: link.id, number, group, content, credential })
  return undefined
}

/** It was closed, or its refusal is said. @returns whether there was one */
export const forgetUnknown = (link: Link, key: string): boolean => {
  const unknown = link.unknown.get(key)
  if (unknown === undefined) return false
  link.unknown.delete(key)
  link.unknownKeys.delete(unknown.number)
  return true
}
