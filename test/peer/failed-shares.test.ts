/** Shares whose file is gone or changed: told once, listed with the reason, and gone from the list when they are stopped or shared anew. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { smallWorld } from '../cli/small-shoal.ts'
import type { Shoal } from '../../src/contract/index.ts'

const codes = (shoal: Shoal): readonly (string | undefined)[] => shoal.shares().map(({ error }) => error?.code)

/** A member with a home who shared `name`, and whose file has vanished since, found out at the next login. */
const withVanished = async (name: string): Promise<{ shoal: Shoal, path: string }> => {
  const world = await smallWorld()
  const shoal = await world.peer('ann')
  await shoal.createUser('ann', 'pw')
  await shoal.login('ann', 'pw')
  await shoal.createGroup('g')
  const path = join(world.folder, name)
  writeFileSync(path, 'first')
  await shoal.share(path, 'g')
  await shoal.logout()
  rmSync(path)
  await shoal.login('ann', 'pw')
  expect(codes(shoal)).toEqual(['FILE_NOT_FOUND'])
  return { shoal, path }
}

describe('a share whose file vanished', () => {
  it('can be stopped, though the tracker has it no more', async () => {
    const { shoal } = await withVanished('f')
    await shoal.stopShare('g', 'f')
    expect(shoal.shares()).toEqual([])
    await shoal.logout()
    expect(await shoal.login('ann', 'pw')).toMatchObject({ shares: 0, failedShares: 0 })
    await expect(shoal.stopShare('g', 'f')).rejects.toMatchObject({ code: 'NOT_SHARED' })
  })

  it('gives way to another file that is shared under its name', async () => {
    const { shoal, path } = await withVanished('f')
    writeFileSync(path, 'second, longer')
    await shoal.share(path, 'g')
    expect(codes(shoal)).toEqual([undefined])
    await shoal.logout()
    expect(await shoal.login('ann', 'pw')).toMatchObject({ shares: 1, failedShares: 0 })
  })
})
