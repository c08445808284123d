/** Sums over the times that a download was taken up. */
import { expect, it } from 'vitest'
import type { PeerId, UserName } from '../../src/contract/index.ts'
import { createCounting } from '../../src/peer/counting.ts'

const [ann, bob] = ['ann-peer' as PeerId, 'bob-peer' as PeerId]

it('what the engine counts anew is added to what was kept, once, by peer', () => {
  let view: { fetchedBytes: number, wastedBytes: number, bytesByPeer: Map<PeerId, number> } | undefined
  const counting = createCounting({
    before: { fetchedBytes: 100, wastedBytes: 1, bytesByPeer: [{ user: 'ann' as UserName, peer: ann, bytes: 99, transport: 'tcp' }] },
    view: () => view, userOf: peer => peer === bob ? 'bob' as UserName : undefined, transportOf: peer => peer === bob ? 'quic' : undefined
  })
  expect(counting.now()).toMatchObject({ fetchedBytes: 100 })
  view = { fetchedBytes: 10, wastedBytes: 2, bytesByPeer: new Map([[ann, 3], [bob, 5]]) }
  const sum = {
    fetchedBytes: 110, wastedBytes: 3,
    bytesByPeer: [{ user: 'ann', peer: ann, bytes: 102, transport: 'tcp' }, { user: 'bob', peer: bob, bytes: 5, transport: 'quic' }]
  }
  expect(counting.now()).toEqual(sum)
  expect(counting.now()).toEqual(sum)
  counting.keep()
  view = undefined
  expect(counting.now()).toEqual(sum)
  view = { fetchedBytes: 1, wastedBytes: 0, bytesByPeer: new Map([[bob, 1]]) }
  expect(counting.now()).toMatchObject({ fetchedBytes: 111, bytesByPeer: [{ bytes: 102 }, { bytes: 6 }] })
})
