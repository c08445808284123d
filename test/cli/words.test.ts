import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeUnprintable, isIdle, quoteWord, quoteWords, splitWords, unprintable } from '../../src/cli/words.ts'

const split = (line: string): readonly string[] => splitWords(line, '/home/ann')

describe('splitting a line into words', () => {
  it.each<[string, readonly string[]]>([
    ['', []],
    [' \t ', []],
    ['list_groups', ['list_groups']],
    ['  a \t b  ', ['a', 'b']],
    ['a\\ b', ['a b']],
    ['\\a\\\\b', ['a\\b']],
    ['\'a  b\' c', ['a  b', 'c']],
    ['\'a\\b"c\'', ['a\\b"c']],
    ['"a b"', ['a b']],
    ['"a\\"b\\\\c\\$d\\`e"', ['a"b\\c$d`e']],
    ['"a\\nb"', ['a\\nb']],
    ['"it\'s"', ['it\'s']],
    ['a\'b c\'"d e"f', ['ab cd ef']],
    ['\'\' ""', ['', '']],
    ['\'it\'\\\'\'s\'', ['it\'s']],
    ['~/x', ['/home/ann/x']],
    ['~/', ['/home/ann/']],
    ['~/\'a b\'', ['/home/ann/a b']],
    ['\'~/x\' "~/x" \\~/x', ['~/x', '~/x', '~/x']],
    ['~ ~bob/x a~/x', ['~', '~bob/x', 'a~/x']],
    ['$HOME $(ls) `ls` *.txt ?', ['$HOME', '$(ls)', '`ls`', '*.txt', '?']],
    ['a;b a|b a&b <x >y', ['a;b', 'a|b', 'a&b', '<x', '>y']],
    ['a # b', ['a', '#', 'b']],
    ['a#b', ['a#b']],
    ['日本 naïve 🐟', ['日本', 'naïve', '🐟']],
    ['$\'a\\tb\\n\\x1b\\033\\\'\\\\\\u00e9\\u{1f41f}\'', ['a\tb\n\x1b\x1b\'\\é🐟']],
    ['$\'\\q\'', ['\\q']],
    ['"$\'x\'"', ['$\'x\'']]
  ])('%j gives %j', (line, words) => { expect(split(line)).toEqual(words) })

  it.each(['\'a', '"a', 'a "b', '$\'a', '"a\\"', 'a\\', '$\'a\\\'', '\'a\'\'b', '$\'\\u{110000}\'', '$\'\\0\'', 'a\0b'])('%j is refused', line => {
    expect(() => split(line)).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error)
  })

  it.each([['', true], ['  \t', true], ['#', true], ['  # login a b', true], ['a', false], ['\'#\'', false], ['\\#', false]])('%j does nothing: %s', (line, idle) => {
    expect(isIdle(line)).toBe(idle)
  })
})

describe('quoting a word', () => {
  it.each([
    ['plain-1.txt', 'plain-1.txt'], ['日本', '日本'], ['', '\'\''], ['a b', '\'a b\''], ['it\'s', '\'it\'\\\'\'s\''], ['~/x', '\'~/x\''], ['#1', '\'#1\''],
    ['a\x1b[2Jb', '$\'a\\x1b[2Jb\''], ['a\nb\'c\\', '$\'a\\nb\\\'c\\\\\''], ['\u202etxt', '$\'\\u202etxt\'']
  ])('%j is written %s', (word, written) => { expect(quoteWord(word)).toBe(written) })

  it('is undone by splitting, whatever the words', () => {
    const word = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('\'', '"', '\\', ' ', '$', '~', '/', '#', '\t', '\n', '\x1b', 'a', '\ud800', '\u2028') }))
    fc.assert(fc.property(fc.array(word.filter(text => !text.includes('\0'))), words => {
      const line = quoteWords(words)
      expect(split(line)).toEqual(words)
      expect(unprintable.test(line)).toBe(false)
    }))
  })
})

describe('escaping', () => {
  it('leaves nothing that moves a cursor, reorders text or ends a line', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => { expect(unprintable.test(escapeUnprintable(text))).toBe(false) }))
    expect(escapeUnprintable('a\x9b2J\u2066b\u200f\x7f')).toBe('a\\u009b2J\\u2066b\\u200f\\x7f')
  })
})
