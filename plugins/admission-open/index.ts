/** Lets in whoever asks, while the owner's peer runs. Owns no rule but that one; letting in while the owner is away is the group's own policy. */
import { definePlugin, knownOptions } from 'shoal/plugin'
import type { Admission } from 'shoal/plugin'

export const open = (options: object = {}): Admission => {
  knownOptions('admission-open', options, [])
  return { decide: () => Promise.resolve('accept') }
}

export default definePlugin('admission', 'open', open)
