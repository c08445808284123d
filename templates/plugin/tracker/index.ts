/** What a peer sees of the service that keeps accounts, groups and lists of files. As it stands: another tracker, with logins told in the log. */
import { definePlugin, knownOptions, ShoalError } from 'shoal/plugin'
import type { Plugin } from 'shoal/plugin'

export interface Options {
  /** The tracker behind this one. */
  readonly behind?: Plugin<'tracker'>
}

export default definePlugin('tracker', 'my-name', async (options: Options, context) => {
  knownOptions('tracker-my-name', options, ['behind'])
  if (options.behind === undefined) throw new ShoalError('BAD_OPTION', 'tracker-my-name needs the option behind: a tracker plugin.')
  const tracker = await options.behind.create(context)
  return {
    ...tracker,
    async login (user, ...rest) {
      const session = await tracker.login(user, ...rest)
      context.log(`${session.user} logged in at ${tracker.where}`)
      return session
    }
  }
})
