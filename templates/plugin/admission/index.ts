/** What happens when somebody asks to join a group of yours. As it stands: users who are named in the option are let in, about others you are asked. */
import { definePlugin, knownOptions } from 'shoal/plugin'

export interface Options {
  /** Names of users, with commas. @default nobody */
  readonly users?: string
}

export default definePlugin('admission', 'my-name', (options: Options) => {
  knownOptions('admission-my-name', options, ['users'])
  const users = new Set((options.users ?? '').split(',').map(user => user.trim().normalize('NFC')))
  return { decide: ({ user }) => Promise.resolve(users.has(user) ? 'accept' : 'ask-owner') }
})
