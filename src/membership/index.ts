export { createMembership } from './membership.ts'
export type { GroupMembership, MembershipOptions } from './membership.ts'
export { signEntry } from './sign-entry.ts'
