import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { safeName } from '../../src/contract/index.ts'
import { resolveDestination } from '../../src/files/destination.ts'

describe('a destination', () => {
  let folder = ''
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'shoal-destination-')) })
  afterEach(() => { rmSync(folder, { recursive: true }) })

  it('that is an existing folder takes the file under its own name', async () => {
    expect(await resolveDestination(folder, 'a.bin', false)).toEqual({ folder, name: 'a.bin', path: join(folder, 'a.bin') })
  })

  it('that ends in a slash is made if missing', async () => {
    expect(await resolveDestination(`${folder}/new/deep/`, 'a.bin', false)).toMatchObject({ folder: join(folder, 'new/deep'), name: 'a.bin' })
  })

  it('else is the path of the file, whose parent must exist', async () => {
    expect(await resolveDestination(join(folder, 'b.bin'), 'a.bin', false)).toMatchObject({ folder, name: 'b.bin' })
    await expect(resolveDestination(join(folder, 'missing/b.bin'), 'a.bin', false)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  })

  it('that exists is refused, unless it may be overwritten', async () => {
    writeFileSync(join(folder, 'a.bin'), 'mine')
    await expect(resolveDestination(folder, 'a.bin', false)).rejects.toMatchObject({ code: 'FILE_EXISTS' })
    expect(await resolveDestination(folder, 'a.bin', true)).toMatchObject({ name: 'a.bin' })
  })

  it('that is a dangling link exists', async () => {
    symlinkSync('/nowhere/at/all', join(folder, 'a.bin'))
    await expect(resolveDestination(folder, 'a.bin', false)).rejects.toMatchObject({ code: 'FILE_EXISTS' })
  })

  it('is never a folder itself, even when it may be overwritten', async () => {
    mkdirSync(join(folder, 'a.bin'))
    await expect(resolveDestination(folder, 'a.bin', true)).rejects.toMatchObject({ code: 'FILE_EXISTS' })
  })

  it('where no folder can be made is a failure of the storage, and says so', async () => {
    await expect(resolveDestination('/proc/nothing/here/', 'a.bin', false)).rejects.toMatchObject({ code: 'STORAGE_FAILED', message: expect.stringContaining('/proc/nothing/here') as string })
  })

  it('below a file is refused', async () => {
    writeFileSync(join(folder, 'plain'), '')
    await expect(resolveDestination(`${folder}/plain/`, 'a.bin', false)).rejects.toMatchObject({ code: 'FILE_EXISTS' })
  })

  it.each([
    ['../../etc/passwd', '.._.._etc_passwd'], ['..', '_..'], ['.', '_.'], ['', '_'], ['a/b\\c', 'a_b_c'], ['a\u0000b\u001b[31mc', 'a_b_[31mc'],
    ['gpj\u202etxt.exe', 'gpj_txt.exe'], ['plain name.txt', 'plain name.txt'], ['日本語 ümlaut.bin', '日本語 ümlaut.bin']
  ])('saves the name %j as %j', (given, saved) => { expect(safeName(given)).toBe(saved) })

  it('cuts names to 255 bytes between characters', () => {
    const cut = safeName('ä'.repeat(200))
    expect(cut).toBe('ä'.repeat(127))
  })
})
