/** Every command, and every error, as a user types it. One world for the whole story: each line builds on the ones before. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createWorld, finished, hashOf, password, word } from './world.ts'
import type { Peer } from './world.ts'

/** `code` is what the command is answered with. */
const says = async (peer: Peer, code: string, ...words: string[]): Promise<void> => {
  await expect(peer.run(...words), words.join(' ')).rejects.toMatchObject({ code })
}

describe('the commands', () => {
  it('do what they say, and refuse what they cannot do with a stable code', async () => {
    const world = await createWorld()
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map(name => world.peer(name)) as [Peer, Peer, Peer]
    const file = world.file('a file.bin', 70_000)

    // before login
    for (const words of [['logout'], ['create_group', 'g'], ['list_groups'], ['join_group', 'g'], ['upload_file', file, 'g'], ['list_files', 'g'], ['download_file', 'g', 'f', '/tmp/'], ['show_downloads'], ['list_peers']]) {
      await says(alice, 'NOT_LOGGED_IN', ...words)
    }
    // what is mistyped
    await says(alice, 'UNKNOWN_COMMAND', 'list_grups')
    for (const words of [['create_user'], ['login'], ['create_group'], ['upload_file', file], ['download_file', 'g', 'f']]) await says(alice, 'USAGE', ...words)
    await says(alice, 'BAD_OPTION', 'show_downloads', '--nonsense')
    await says(alice, 'BAD_NAME', 'create_user', 'no spaces', password)
    await says(alice, 'BAD_NAME', 'create_user', 'x'.repeat(65), password)
    await says(alice, 'BAD_PASSWORD', 'create_user', 'alice', '')
    await says(alice, 'BAD_PASSWORD', 'create_user', 'alice', 'x'.repeat(1_025))

    // accounts
    await alice.run('create_user', 'alice', password)
    expect((await alice.run('whoami')).join('\t')).not.toContain('alice')
    await says(alice, 'USER_EXISTS', 'create_user', 'alice', 'other')
    await says(alice, 'WRONG_PASSWORD', 'login', 'alice', 'wrong')
    await says(alice, 'WRONG_PASSWORD', 'login', 'nobody', password)
    await alice.run('login', 'alice', password)
    await says(alice, 'ALREADY_LOGGED_IN', 'login', 'alice', password)
    expect((await alice.run('whoami'))[0]).toMatch(/^alice\t12D3KooW/)
    for (const [name, peer] of [['bob', bob], ['carol', carol]] as const) { await peer.run('create_user', name, password); await peer.run('login', name, password) }

    // groups
    await alice.run('create_group', 'crew')
    await says(bob, 'GROUP_EXISTS', 'create_group', 'crew')
    await says(bob, 'BAD_NAME', 'create_group', 'a/b')
    expect(await bob.run('list_groups')).toEqual(['crew\talice\tnone'])
    await says(bob, 'NOT_FOUND', 'join_group', 'nothing')
    const absent = await bob.run('list_files', 'nothing').catch((error: unknown) => String(error).replaceAll('nothing', 'GROUP'))
    const forbidden = await bob.run('list_files', 'crew').catch((error: unknown) => String(error).replaceAll('crew', 'GROUP'))
    expect(forbidden).toBe(absent)
    await bob.run('join_group', 'crew')
    await says(bob, 'ALREADY_REQUESTED', 'join_group', 'crew')
    await expect(bob.run('list_files', 'crew')).rejects.toThrow(/accept_request crew bob/)
    expect(await bob.run('list_groups')).toEqual(['crew\talice\trequested'])
    await says(bob, 'NOT_FOUND', 'list_requests', 'crew')
    expect((await alice.run('list_requests', 'crew'))[0]).toMatch(/^bob(\t|$)/)
    await says(alice, 'NO_REQUEST', 'accept_request', 'crew', 'carol')
    await alice.run('reject_request', 'crew', 'bob')
    expect(await bob.run('list_groups')).toEqual(['crew\talice\tnone'])
    await bob.run('join_group', 'crew')
    await alice.run('accept_request', 'crew', 'bob')
    await says(alice, 'ALREADY_MEMBER', 'accept_request', 'crew', 'bob')
    await says(bob, 'ALREADY_MEMBER', 'join_group', 'crew')
    await says(bob, 'NOT_OWNER', 'list_requests', 'crew')
    await says(bob, 'NOT_OWNER', 'remove_member', 'crew', 'alice')
    await says(alice, 'OWNER_CANNOT', 'remove_member', 'crew', 'alice')
    await says(alice, 'NO_MEMBER', 'remove_member', 'crew', 'carol')

    // sharing
    await says(alice, 'FILE_NOT_FOUND', 'upload_file', world.path('missing'), 'crew')
    await says(alice, 'NOT_A_FILE', 'upload_file', world.folder, 'crew')
    await says(alice, 'NOT_FOUND', 'upload_file', file, 'nothing')
    await says(alice, 'BAD_OPTION', 'upload_file', file, 'crew', '--piece-size', '100')
    await says(alice, 'BAD_OPTION', 'upload_file', file, 'crew', '--integrity', 'md5')
    await says(alice, 'CONTENT_MISMATCH', 'upload_file', file, 'crew', '--expect', '0'.repeat(64))
    const [listed] = await alice.run('upload_file', file, 'crew')
    expect(listed).toMatch(/^a file\.bin\t70000\tblake3\t[0-9a-f]{64}\tlisted$/)
    const root = listed?.split('\t')[3] ?? ''
    await alice.run('upload_file', file, 'crew', '--expect', root)
    const other = world.file('other', 10)
    await says(bob, 'NAME_TAKEN', 'upload_file', other, 'crew', '--name', 'a file.bin')
    await says(bob, 'NAME_TAKEN', 'upload_file', other, 'crew', '--name', 'a file.bin', '--replace')
    expect(await bob.run('list_files', 'crew')).toEqual([`a file.bin\t70000\tblake3\t${root}\t1\t1`])
    await says(bob, 'NOT_SHARED', 'stop_share', 'crew', 'a file.bin')

    // downloading
    await says(bob, 'NOT_FOUND', 'download_file', 'crew', 'nothing', world.path('got/'))
    await says(bob, 'FILE_NOT_FOUND', 'download_file', 'crew', 'a file.bin', world.path('no', 'such', 'folder', 'x'))
    await says(bob, 'FILE_EXISTS', 'download_file', 'crew', 'a file.bin', other)
    await says(bob, 'NO_DOWNLOAD', 'cancel_download', 'crew', 'a file.bin')
    await bob.run('download_file', 'crew', 'a file.bin', `${world.path('got')}/`)
    await finished(bob, 'a file.bin')
    expect(hashOf(world.path('got', 'a file.bin'))).toBe(hashOf(file))
    expect((await bob.run('show_downloads'))[0]).toMatch(/^\[C\] crew 'a file\.bin'\t.*\/got\/a file\.bin\t[\d.]+\talice:70000$/)
    await says(bob, 'FILE_EXISTS', 'download_file', 'crew', 'a file.bin', `${world.path('got')}/`)
    await bob.run('download_file', 'crew', 'a file.bin', `${world.path('got')}/`, '--overwrite')
    await finished(bob, 'a file.bin')
    writeFileSync(world.path('newer'), 'a newer version')
    await alice.run('upload_file', world.path('newer'), 'crew', '--name', 'a file.bin', '--replace')
    expect((await bob.run('list_files', 'crew'))[0]?.split('\t')[1]).toBe('15')
    expect((await alice.run('list_peers'))[0]).toMatch(/^bob\t12D3KooW\w+\t\d{4}-\d\d-\d\dT[\d:.]+Z\ttcp,quic,webrtc\t(none|open|dialing)/)

    // the end of it
    await alice.run('stop_share', 'crew', 'a file.bin')
    expect(await bob.run('list_files', 'crew')).toEqual([])
    await carol.run('join_group', 'crew')
    await alice.run('accept_request', 'crew', 'carol')
    await bob.run('upload_file', other, 'crew')
    await alice.run('remove_member', 'crew', 'bob')
    await says(bob, 'NOT_FOUND', 'list_files', 'crew')
    expect(await carol.run('list_files', 'crew')).toEqual([])
    await alice.run('leave_group', 'crew')
    expect(await carol.run('list_groups')).toEqual(['crew\tcarol\towner'])
    await carol.run('leave_group', 'crew')
    expect(await carol.run('list_groups')).toEqual([])
    await carol.run('create_group', 'crew')
    await alice.run('logout')
    await says(alice, 'NOT_LOGGED_IN', 'list_groups')
    expect((await alice.run('help')).length).toBeGreaterThan(20)
    expect((await alice.quit()).code).toBe(0)
  }, 60_000)

  it('end as a script expects: end of input, --strict, --wait, SIGTERM', async () => {
    const world = await createWorld()
    const alice = await world.user('alice')
    alice.endInput()
    expect(await alice.ended).toEqual({ code: 0, signal: null })

    const strict = world.peer('bob', { args: ['--strict'] })
    strict.type('list_groups')
    expect(await strict.line()).toMatch(/^error NOT_LOGGED_IN: /)
    expect(await strict.ended).toEqual({ code: 3, signal: null })

    const stay = world.peer('bob', { args: ['--stay'] })
    await stay.run('whoami')
    stay.endInput()
    stay.kill('SIGTERM')
    expect(await stay.ended).toEqual({ code: 0, signal: null })

    const carol = await world.user('carol', { args: ['--up-limit', '2MiB'] })
    const dave = await world.user('dave', { args: ['--wait'] })
    await world.group('crew', carol, ['dave', dave])
    const file = world.file('data.bin', 4_000_000)
    await carol.run('upload_file', file, 'crew')
    await dave.run('download_file', 'crew', 'data.bin', world.path('copy'))
    dave.endInput()
    expect(await dave.ended).toEqual({ code: 0, signal: null })
    expect(hashOf(world.path('copy'))).toBe(hashOf(file))
  })

  it('read names as they are, whatever characters they have, and never let one leave the destination', async () => {
    const world = await createWorld()
    const alice = await world.user('alice')
    await alice.run('create_group', 'g')
    const hostile = ['../up', 'a\\b', 'tab\tname', 'new\nline', 'esc\u001b[31m', '..', '\u202egpj.exe']
    const file = world.file('plain', 5)
    for (const name of hostile) {
      alice.type(`upload_file ${word(file)} g --name ${word(name)}`)
      if (name.includes('\n')) {
        // two lines for the shell: the first is not closed
        expect(await alice.line()).toMatch(/^error USAGE: /)
        expect(await alice.line()).toMatch(/^error (USAGE|UNKNOWN_COMMAND): /)
      } else expect(await alice.line(), JSON.stringify(name)).toMatch(/^error BAD_FILE_NAME: /)
    }
    mkdirSync(join(world.folder, 'odd'))
    writeFileSync(join(world.folder, 'odd', 'control\u0001name'), 'x')
    await says(alice, 'BAD_FILE_NAME', 'upload_file', join(world.folder, 'odd', 'control\u0001name'), 'g')
  })
})
