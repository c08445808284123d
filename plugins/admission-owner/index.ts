/** Leaves every request to the owner of the group. Owns no rule but that one. */
import { definePlugin, knownOptions } from 'shoal/plugin'
import type { Admission } from 'shoal/plugin'

export const owner = (options: object = {}): Admission => {
  knownOptions('admission-owner', options, [])
  return { decide: () => Promise.resolve('ask-owner') }
}

export default definePlugin('admission', 'owner', owner)
