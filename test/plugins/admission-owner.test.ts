import { describe, expect, it } from 'vitest'
import plugin from '../../plugins/admission-owner/index.ts'
import { admissionSuite, runSuite } from '../../src/testing/index.ts'
import type { Group, GroupId, GroupName, JoinRequest, PeerId, UserName } from '../../src/contract/index.ts'

const owner = 'alice' as UserName
const request: JoinRequest = { user: 'bob' as UserName, device: '12D3KooWbob' as PeerId, hash: '0'.repeat(64), at: 0 }
const group = (policy: Group['policy']): Group => ({
  id: '1'.repeat(64) as GroupId, name: 'photos' as GroupName, owner, policy, members: new Map([[owner, { user: owner, since: 0, devices: [] }]]),
  requests: new Map([[request.user, request]]), removed: new Map(), head: { seq: 1, hash: request.hash }, dissolved: false
})

runSuite('admission-owner', admissionSuite, async () => ({ subject: await plugin().create({ log: () => undefined }) }))

describe('admission owner', () => {
  it('is a plugin of its folder\'s name and kind, without options', async () => {
    expect([plugin.kind, plugin.pluginName]).toEqual(['admission', 'owner'])
    await expect(plugin({ anyone: true }).create({ log: () => undefined })).rejects.toMatchObject({ code: 'BAD_OPTION' })
  })

  it('leaves every request to the owner, whatever the group', async () => {
    const admission = await plugin().create({ log: () => undefined })
    expect(await admission.decide(request, group('owner'))).toBe('ask-owner')
    expect(await admission.decide(request, group('open'))).toBe('ask-owner')
  })
})
