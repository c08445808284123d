import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import sha256 from 'shoal/plugins/integrity-sha256'
import { choosePieceLength } from '../../src/contract/index.ts'
import type { Integrity } from '../../src/contract/index.ts'
import { hostFiles } from '../../src/files/index.ts'
import { seal } from '../../src/peer/sealing.ts'

const KiB = 1024
const MiB = 1024 * KiB

describe('sealing a file', () => {
  let folder = ''
  let integrity: Integrity
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'shoal-sealing-'))
    integrity = await sha256().create({ log: () => undefined })
  })
  afterEach(async () => { await integrity.stop?.(); rmSync(folder, { recursive: true }) })

  it.each([0, 1, 16 * KiB, 512 * KiB - 1, 512 * KiB, 512 * KiB + 1, 3 * MiB + 5])('gives %i bytes a manifest and the hash of each piece', async length => {
    const path = join(folder, 'file')
    writeFileSync(path, new Uint8Array(length).fill(7))
    const { manifest, seal: { hashes } } = await seal(await hostFiles.inspect(path), { files: hostFiles, integrity, pieceLength: 512 * KiB })
    expect(manifest).toMatchObject({ format: 1, scheme: 'sha256', coding: 'none', length, pieceLength: 512 * KiB })
    expect(hashes.byteLength).toBe(32 * Math.ceil(length / (512 * KiB)))
  })

  it('refuses a file that grew while it was read', async () => {
    const path = join(folder, 'file')
    writeFileSync(path, new Uint8Array(4 * MiB))
    let grown = false
    const work = seal(await hostFiles.inspect(path), {
      files: hostFiles, integrity, pieceLength: 512 * KiB,
      progress: () => { if (!grown) { grown = true; appendFileSync(path, 'more') } }
    })
    await expect(work).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
  })

  it('ends at its signal', async () => {
    const path = join(folder, 'file')
    writeFileSync(path, new Uint8Array(8 * MiB))
    const abort = new AbortController()
    const work = seal(await hostFiles.inspect(path), { files: hostFiles, integrity, pieceLength: 512 * KiB, signal: abort.signal, progress: () => { abort.abort(new Error('enough')) } })
    await expect(work).rejects.toThrow('enough')
  })

  it('says what is wrong with a path', async () => {
    await expect(hostFiles.inspect(join(folder, 'missing'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    await expect(hostFiles.inspect(folder)).rejects.toMatchObject({ code: 'NOT_A_FILE' })
    await expect(hostFiles.inspect('/dev/null')).rejects.toMatchObject({ code: 'NOT_A_FILE' })
  })

  it('has 256 pieces or more where they need not be smaller than 128 KiB, and none above 512 KiB', () => {
    for (const [length, pieceLength] of [[0, 128], [32, 128], [33, 256], [64, 256], [65, 512], [1024, 512]] as const) expect(choosePieceLength(length * MiB)).toBe(pieceLength * KiB)
  })

  it('takes larger pieces once there would be more than 65,536', () => {
    expect(choosePieceLength(32 * 1024 * MiB)).toBe(512 * KiB)
    expect(choosePieceLength(32 * 1024 * MiB + 1)).toBe(1 * MiB)
    expect(choosePieceLength(Number.MAX_SAFE_INTEGER)).toBe(16 * MiB)
  })
})
