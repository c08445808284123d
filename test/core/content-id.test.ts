import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ShoalError } from '../../src/contract/index.ts'
import { checkFileName, checkManifest, contentId, maxPieces, nameTag } from '../../src/core/content-id.ts'

const manifest = { format: 1, scheme: 'sha256', coding: 'none', length: 1_000_000, pieceLength: 524_288, root: 'ab'.repeat(32) } as const

describe('a manifest', () => {
  it('is taken as it is, without what else it carried', () => { expect(checkManifest({ ...manifest, extra: 1 })).toEqual(manifest) })
  it.each([
    ['nothing', undefined], ['null', null], ['a list', []], ['text', 'manifest'],
    ['another format', { ...manifest, format: 2 }], ['a scheme in capitals', { ...manifest, scheme: 'SHA256' }], ['an empty scheme', { ...manifest, scheme: '' }],
    ['a path as scheme', { ...manifest, scheme: '../x' }], ['a long scheme', { ...manifest, scheme: 'x'.repeat(33) }], ['a coding that is no name', { ...manifest, coding: 'no ne' }],
    ['a negative length', { ...manifest, length: -1 }], ['half a byte', { ...manifest, length: 0.5 }], ['a length above 2^53 - 1', { ...manifest, length: 2 ** 53 }],
    ['a length as text', { ...manifest, length: '1' }], ['a piece length that is no power of two', { ...manifest, pieceLength: 500_000 }],
    ['a piece length below 16 KiB', { ...manifest, pieceLength: 8192 }], ['a piece length above 16 MiB', { ...manifest, pieceLength: 2 ** 25 }],
    ['too many pieces', { ...manifest, length: (maxPieces + 1) * 16_384, pieceLength: 16_384 }], ['an odd root', { ...manifest, root: 'abc' }],
    ['a root in capitals', { ...manifest, root: 'AB'.repeat(32) }], ['a short root', { ...manifest, root: 'ab' }], ['a long root', { ...manifest, root: 'ab'.repeat(65) }],
    ['no root', { ...manifest, root: undefined }]
  ])('is refused with %s', (_, value) => {
    expect(() => checkManifest(value)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })
  it('is taken at every bound', () => {
    for (const good of [{ ...manifest, length: 0 }, { ...manifest, pieceLength: 16_384 }, { ...manifest, pieceLength: 2 ** 24 }, { ...manifest, length: maxPieces * 16_384, pieceLength: 16_384 }]) {
      expect(checkManifest(good)).toEqual(good)
    }
  })
  it('that is garbage is refused, or has an id', () => {
    fc.assert(fc.property(fc.anything(), value => {
      try { contentId(checkManifest(value), { rootDependsOnPieceLength: true }) } catch (error) { expect(ShoalError.is(error, 'BAD_REQUEST')).toBe(true) }
    }))
  })
})

describe('a file name', () => {
  it.each(['a', 'a b.txt', '.hidden', '...', 'Grüße', '写真.jpg', 'ملف', 'הקובץ', '👩‍👩‍👧', 'a:b*c?"<>|', '-rf', '~', 'x'.repeat(255), 'é'.repeat(127)])('may be %s', name => {
    expect(checkFileName(name)).toBe(name.normalize('NFC'))
  })
  it.each([
    ['nothing', ''], ['a folder', '.'], ['the folder above', '..'], ['a path', 'a/b'], ['a path of Windows', 'a\\b'], ['a NUL', 'a\0b'], ['a line feed', 'a\nb'],
    ['an escape sequence', '\u001b[31mred'], ['DEL', 'a\u007f'], ['a C1 control', 'a\u009b31m'], ['a line separator', 'a\u2028b'], ['a paragraph separator', 'a\u2029'],
    ['turned text', 'a\u202egpj.exe'], ['isolated text', '\u2066a'], ['half a character', 'a\ud800b'], ['256 bytes', 'x'.repeat(256)], ['128 letters of two bytes', 'é'.repeat(128)]
  ])('may not be %s', (_, name) => {
    expect(() => checkFileName(name)).toThrow(expect.objectContaining({ code: 'BAD_FILE_NAME' }))
  })
  it('is composed, so that one name has one spelling', () => {
    expect(checkFileName('e\u0301')).toBe('é')
    expect(nameTag('e\u0301')).toBe(nameTag('é'))
    expect(nameTag('e')).not.toBe(nameTag('é'))
  })
  it('is never shown raw in the message that refuses it', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), name => {
      try { checkFileName(name) } catch (error) {
        expect(String(error)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u)
      }
    }))
  })
})
