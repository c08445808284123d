/** Commands about groups and who is in them. */
import type { AdmissionPolicy } from '../../contract/index.ts'
import type { Command } from '../command.ts'
import { usage } from '../exit.ts'
import type { Argument } from '../grammar.ts'
import { formatMoment } from '../quantities.ts'

const group: Argument = { name: 'GROUP', kind: 'group' }
const user: Argument = { name: 'USER', kind: 'user' }

const admission = (text: string): AdmissionPolicy => {
  if (text === 'open' || text === 'owner') return text
  throw usage(`Who decides about requests is open or owner, not "${text}". Type: set_admission GROUP open`)
}

export const groups: readonly Command[] = [
  {
    name: 'create_group',
    arguments: [group],
    options: [{ name: '--open', summary: 'whoever asks is let in at once, also while you are away' }],
    summary: 'makes a group; you are its owner',
    alone: 'done',
    async run ({ shoal, args, signal }) { await shoal.createGroup(args.text('GROUP'), { signal, admission: args.has('--open') ? 'open' : 'owner' }); return undefined }
  },
  {
    name: 'list_groups',
    arguments: [],
    summary: 'lists all groups: group, owner, your state (owner, member, requested, none), and open where whoever asks is let in',
    alone: 'done',
    async run ({ shoal, signal }) {
      const all = await shoal.listGroups({ signal })
      return {
        type: 'list',
        columns: ['group', 'owner', 'you', 'admission'],
        rows: all.map(({ id, name, owner, state, policy }) => ({
          fields: [name, owner, state, ...policy === 'open' ? [policy] : []], json: { group: name, owner, state, admission: policy, id }
        }))
      }
    }
  },
  {
    name: 'join_group',
    arguments: [group],
    summary: 'asks to join a group; its owner decides, and an open group lets you in at once',
    alone: 'done',
    async run ({ shoal, args, signal, face }) {
      const name = args.text('GROUP')
      const state = await shoal.joinGroup(name, { signal })
      face.note(state === 'requested' ? `${name}: asked; its owner accepts with accept_request` : `${name}: you are a member`)
      return undefined
    }
  },
  {
    name: 'leave_group',
    arguments: [group],
    summary: 'leaves a group: your shares there are withdrawn, your downloads there end, files stay',
    alone: 'done',
    async run ({ shoal, args, signal, face }) {
      const name = args.text('GROUP')
      const { successor, dissolved } = await shoal.leaveGroup(name, { signal })
      if (successor !== undefined) face.note(`${name}: ${successor} is the owner now`)
      if (dissolved) face.note(`${name}: you were the last; the group is gone`)
      return undefined
    }
  },
  {
    name: 'list_requests',
    arguments: [group],
    summary: 'lists who asks to join your group: user, device, when asked',
    alone: 'done',
    async run ({ shoal, args, signal }) {
      const all = await shoal.listRequests(args.text('GROUP'), { signal })
      return {
        type: 'list',
        columns: ['user', 'device', 'asked'],
        rows: all.map(request => ({
          fields: [request.user, request.device, formatMoment(request.at)],
          json: { user: request.user, peer: request.device, at: formatMoment(request.at) }
        }))
      }
    }
  },
  {
    name: 'accept_request',
    arguments: [group, user],
    summary: 'lets a user who asked into your group',
    alone: 'done',
    async run ({ shoal, args, signal }) { await shoal.acceptRequest(args.text('GROUP'), args.text('USER'), { signal }); return undefined }
  },
  {
    name: 'reject_request',
    arguments: [group, user],
    summary: 'turns a request down; the user may ask again',
    alone: 'done',
    async run ({ shoal, args, signal }) { await shoal.rejectRequest(args.text('GROUP'), args.text('USER'), { signal }); return undefined }
  },
  {
    name: 'remove_member',
    arguments: [group, user],
    summary: 'puts a user out of your group: nobody sends them anything more; what they have they keep',
    alone: 'done',
    async run ({ shoal, args, signal }) { await shoal.removeMember(args.text('GROUP'), args.text('USER'), { signal }); return undefined }
  },
  {
    name: 'set_admission',
    arguments: [group, { name: 'WHO', kind: 'text' }],
    summary: 'who decides about requests to join your group: owner (you), or open (nobody: whoever asks is let in)',
    details: ['open also lets in everybody whose request is open. In an open group, a member who is removed can come back by asking: set owner first.'],
    alone: 'done',
    async run ({ shoal, args, signal }) { await shoal.setAdmission(args.text('GROUP'), admission(args.text('WHO')), { signal }); return undefined }
  }
]
