import { describe, expect, it } from 'vitest'
import { readArguments, synopsis, TooManyWords } from '../../src/cli/grammar.ts'
import type { Grammar } from '../../src/cli/grammar.ts'
import { didYouMean, nearest } from '../../src/cli/suggest.ts'

const fetch: Grammar = {
  name: 'fetch',
  arguments: [{ name: 'GROUP', kind: 'group' }, { name: 'FILE', kind: 'file' }, { name: 'WHERE', kind: 'destination', optional: true }],
  options: [{ name: '--overwrite', summary: '' }, { name: '--rate', value: 'RATE', summary: '' }],
  summary: 'fetches'
}
const login: Grammar = { name: 'login', arguments: [{ name: 'USER', kind: 'user' }, { name: 'PASSWORD', kind: 'password', optional: true }], summary: 'logs in' }

describe('reading arguments', () => {
  it('gives arguments and options by name, wherever the options stand', () => {
    const args = readArguments(fetch, ['--rate=1MB', 'g', '--overwrite', 'f', '--rate', '2MB'])
    expect([args.text('GROUP'), args.text('FILE'), args.maybe('WHERE')]).toEqual(['g', 'f', undefined])
    expect([args.has('--overwrite'), args.option('--rate'), args.list('--rate')]).toEqual([true, '2MB', ['1MB', '2MB']])
  })

  it('splits the values of an option that takes several, and takes no empty one', () => {
    const carry: Grammar = { name: 'carry', arguments: [], options: [{ name: '--by', value: 'NAME,…', many: true, summary: '' }], summary: 'carries' }
    expect(readArguments(carry, ['--by', 'a,b', '--by=c']).list('--by')).toEqual(['a', 'b', 'c'])
    for (const words of [['--by', ''], ['--by='], ['--by', 'a,'], ['--by', ',a'], ['--by', 'a,,b']]) {
      expect(() => readArguments(carry, words), words.join(' ')).toThrow(expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringMatching(/^--by has "[ab,]*", in which a value is empty\./) as string }) as Error)
    }
  })

  it('takes every word after -- as it stands', () => {
    const args = readArguments(fetch, ['--', 'g', '--overwrite'])
    expect([args.text('FILE'), args.has('--overwrite')]).toEqual(['--overwrite', false])
  })

  it('takes a password that begins like an option', () => {
    expect(readArguments(login, ['ann', '--help']).maybe('PASSWORD')).toBe('--help')
    expect(readArguments(login, ['ann', '--']).maybe('PASSWORD')).toBe('--')
    expect(readArguments(login, ['--help']).help).toBe(true)
  })

  it('takes options after a password', () => {
    const args = readArguments(login, ['ann', '--json', '--json'])
    expect([args.maybe('PASSWORD'), args.has('--json')]).toEqual(['--json', true])
    expect(() => readArguments(login, ['ann', 'pw', '--jsn'])).toThrow(/no option --jsn\. Did you mean --json\?/)
    const own: Grammar = { ...fetch, options: [{ name: '--json', summary: '' }] }
    expect(() => readArguments(own, ['--x'])).toThrow(/It has --json, --help\./) // each once
    expect(() => readArguments(login, ['ann', 'pw', 'x'])).toThrow(TooManyWords)
  })

  it('takes words with one dash as they are', () => { expect(readArguments(fetch, ['g', '-f']).text('FILE')).toBe('-f') })

  it('composes the names of users and groups', () => { expect(readArguments(login, ['rene\u0301']).text('USER')).toBe('ren\u00e9') })

  it.each<[readonly string[], RegExp]>([
    [[], /^fetch needs GROUP and FILE\. Type: fetch GROUP FILE \[WHERE\]$/],
    [['g', 'a', 'b', 'c'], /^fetch takes 3 words, not 4\. Quote a name that contains spaces\./],
    [['g', 'f', '--overwite'], /no option --overwite\. Did you mean --overwrite\?/],
    [['g', 'f', '--rate'], /^--rate needs RATE\./],
    [['g', 'f', '--overwrite=yes'], /^--overwrite takes no value\./]
  ])('%j is refused', (words, message) => { expect(() => readArguments(fetch, words)).toThrow(message) })

  it('keeps the words that were too many', () => {
    expect(() => readArguments(fetch, ['g', 'a', 'b', 'c'])).toThrow(expect.objectContaining({ words: ['g', 'a', 'b', 'c'] }) as Error)
    expect(() => readArguments(fetch, ['g', 'a', 'b', 'c'])).toThrow(TooManyWords)
  })

  it('asks for help instead of complaining', () => { expect(readArguments(fetch, ['--help']).help).toBe(true) })

  it('is explained with all options', () => { expect(synopsis(fetch)).toBe('fetch GROUP FILE [WHERE] [--overwrite] [--rate RATE]') })

  it('calls an option that no grammar has a bug', () => {
    expect(() => readArguments(fetch, ['g', 'f']).has('--nothing')).toThrow(/Invariant broken/)
  })
})

describe('did you mean', () => {
  const words = ['list_files', 'list_groups', 'login', 'logout', 'quit', 'upload_file']
  it.each([['lsit_files', 'list_files'], ['list_file', 'list_files'], ['lgoin', 'login'], ['qiut', 'quit'], ['upload', 'upload_file'], ['list', undefined], ['x', undefined], ['LOGIN', 'login']])('%s: %s', (typed, meant) => {
    expect(nearest(typed, words)).toBe(meant)
  })
  it('says nothing when nothing is near', () => { expect(didYouMean('zzzzzz', words)).toBe('') })
})
