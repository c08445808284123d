/** Commands about who one is. */
import type { Command, Context } from '../command.ts'
import { usage } from '../exit.ts'

/** The password typed, or asked for where somebody can be asked: so that it need not stand on the screen. */
const password = async ({ args, face }: Context, name: string, questions: readonly string[]): Promise<string> => {
  const given = args.maybe('PASSWORD')
  if (given !== undefined) return given
  if (face.askSecret === undefined) throw usage(`${name} needs PASSWORD. Type: ${name} USER PASSWORD`)
  const answers: string[] = []
  for (const question of questions) answers.push(await face.askSecret(question))
  if (new Set(answers).size > 1) throw usage('The two passwords differ. Type the command again.')
  return answers[0] ?? ''
}

export const account: readonly Command[] = [
  {
    name: 'create_user',
    arguments: [{ name: 'USER', kind: 'user' }, { name: 'PASSWORD', kind: 'password', optional: true }],
    summary: 'makes an account at the tracker; does not log in',
    details: ['On a terminal PASSWORD may be left out: it is asked for and not shown.'],
    login: false,
    alone: 'done',
    async run (context) {
      await context.shoal.createUser(context.args.text('USER'), await password(context, 'create_user', ['Password: ', 'The same again: ']), { signal: context.signal })
      return undefined
    }
  },
  {
    name: 'login',
    arguments: [{ name: 'USER', kind: 'user' }, { name: 'PASSWORD', kind: 'password', optional: true }],
    summary: 'logs in, and resumes this user\'s shares and unfinished downloads',
    details: ['On a terminal PASSWORD may be left out: it is asked for and not shown.'],
    login: false,
    async run (context) {
      const { face, shoal, signal } = context
      const resumed = await shoal.login(context.args.text('USER'), await password(context, 'login', ['Password: ']), { signal })
      if (resumed.shares + resumed.downloads > 0) face.note(`resumed: ${resumed.shares} shared, ${resumed.downloads} unfinished downloads`)
      if (resumed.failedShares > 0) face.note(`${resumed.failedShares} shared before cannot be shared now: list_shares says why`)
      return undefined
    }
  },
  {
    name: 'logout',
    arguments: [],
    summary: 'logs out: sharing and downloading stop, unfinished downloads are kept',
    async run ({ shoal, signal }) { await shoal.logout({ signal }); return undefined }
  },
  {
    name: 'whoami',
    arguments: [],
    summary: 'shows user, device, tracker and addresses, tab-separated; the user is - when nobody is logged in',
    login: false,
    run: ({ shoal }) => ({
      type: 'record',
      row: {
        fields: [shoal.user ?? '-', shoal.peer, shoal.tracker, shoal.addresses.join(',') || '-'],
        json: { user: shoal.user ?? null, peer: shoal.peer, tracker: shoal.tracker, addresses: shoal.addresses, transports: shoal.transports }
      }
    })
  }
]
