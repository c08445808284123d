import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { maxCredentialBytes } from '../../src/core/credential.ts'
import { maxEntryBytes } from '../../src/core/log-entry.ts'
import { blockForm, forms } from '../../src/wire/forms.ts'
import { limits, protocolId, rangeBytes } from '../../src/wire/limits.ts'

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8')

/** The rows of the table under a heading, without its two head lines. */
const rows = (heading: string): string[][] => {
  const section = page.split(/^## /m).find(text => text.startsWith(heading)) ?? ''
  return section.split('\n').filter(line => line.startsWith('|')).slice(2).map(line => line.split('|').slice(1, -1).map(cell => cell.trim()))
}

describe('docs/protocol.md', () => {
  it('has the numbers and lengths of every message', () => {
    const written = rows('Messages').map(([code, name, , min, max]) => [name?.replaceAll('`', ''), Number(code), Number(min), Number(max)])
    const coded = Object.entries({ ...forms, block: blockForm }).map(([name, { code, min, max }]) => [name, code, min, max])
    expect(written.toSorted()).toEqual(coded.toSorted())
  })

  it('has every limit', () => {
    const written = rows('Limits').map(([name, value]) => [name?.replaceAll('`', ''), Number(value)])
    expect(Object.fromEntries(written)).toEqual(limits)
    expect(page).toContain(`multiples of ${rangeBytes}`)
  })

  it('is about this protocol', () => { expect(page).toContain(protocolId) })
})

describe('a limit of the wire', () => {
  it('of a field that core defines is the same there', () => {
    expect([limits.credentialBytes, limits.removalBytes]).toEqual([maxCredentialBytes, maxEntryBytes])
  })

  it('fits into a frame', () => {
    for (const { max } of [...Object.values(forms), blockForm]) expect(max).toBeLessThan(limits.frameBytes)
  })

  it('has an odd type only for what may be skipped, and no type twice', () => {
    const codes = [...Object.values(forms), blockForm].map(({ code }) => code)
    expect(new Set(codes).size).toBe(codes.length)
    expect(codes.filter(code => code % 2 === 1)).toEqual([forms.cancel.code, forms.removal.code])
  })
})
