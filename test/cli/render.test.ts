import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Result, Row } from '../../src/cli/command.ts'
import { failureOf } from '../../src/cli/exit.ts'
import { noticeLine, noticeOf } from '../../src/cli/notices.ts'
import { errorLine, jsonLine, printResult, recordLine } from '../../src/cli/render.ts'
import { cutTo, textWidth } from '../../src/cli/width.ts'
import { unprintable } from '../../src/cli/words.ts'
import { ShoalError } from '../../src/contract/index.ts'
import type { PeerId, ShoalEvent, UserName } from '../../src/contract/index.ts'

const row = (...fields: string[]): Row => ({ fields, json: { name: fields[0] } })
const list = (...rows: Row[]): Result => ({ type: 'list', columns: ['name', 'size'], rows })
const printed = async (result: Result | undefined, style: 'plain' | 'aligned' | 'json'): Promise<readonly string[]> => {
  const lines: string[] = []
  await printResult(result, style, line => { lines.push(line); return Promise.resolve() })
  return lines
}

describe('a result', () => {
  it('on a pipe is one record per line, tab-separated, and nothing when it is empty', async () => {
    expect(await printed(list(row('my file', '12'), row('b', '3')), 'plain')).toEqual(['my file\t12', 'b\t3'])
    expect(await printed(list(), 'plain')).toEqual([])
    expect(await printed(undefined, 'plain')).toEqual([])
  })

  it('on a terminal has columns under a header, and nothing when it is empty', async () => {
    expect(await printed(list(row('a.txt', '12'), row('日本', '3')), 'aligned')).toEqual(['NAME   SIZE', 'a.txt  12', '日本   3'])
    expect(await printed(list(), 'aligned')).toEqual([])
  })

  it('as JSON is one line, whatever the names', async () => {
    expect(await printed(list(row('a\nb')), 'json')).toEqual(['[{"name":"a\\nb"}]'])
    expect(await printed(list(), 'json')).toEqual(['[]'])
    expect(await printed(undefined, 'json')).toEqual(['null'])
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => {
      const line = jsonLine({ text })
      expect(unprintable.test(line)).toBe(false)
      expect(JSON.parse(line)).toEqual({ text })
    }))
  })

  it('is written record by record, as the source gives them', async () => {
    const seen: string[] = []
    const rows = async function * (): AsyncGenerator<Row> {
      yield row('a', '1')
      expect(seen).toEqual(['a\t1'])
      yield row('b', '2')
      await Promise.resolve()
      throw new ShoalError('NOT_FOUND', 'It is gone.')
    }
    const printing = printResult({ type: 'list', columns: [], rows: rows() }, 'plain', line => { seen.push(line); return Promise.resolve() })
    await expect(printing).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(seen).toEqual(['a\t1', 'b\t2'])
  })

  it('never reaches a terminal raw', () => {
    expect(recordLine(['a\tb\nc\x1b[2J\\d\u202e', { words: '[D] g $\'\\x1b\'' }])).toBe('a\\tb\\nc\\x1b[2J\\\\d\\u202e\t[D] g $\'\\x1b\'')
    fc.assert(fc.property(fc.array(fc.string({ unit: 'binary' })), fields => { expect(unprintable.test(recordLine(fields).replaceAll('\t', ''))).toBe(false) }))
  })

  it('is never taken for the answer', () => {
    expect([recordLine(['ok']), recordLine(['error BUG: x', '1']), recordLine(['ok', '1']), recordLine(['okay'])]).toEqual(['\\x6fk', '\\x65rror BUG: x\t1', 'ok\t1', 'okay'])
  })
})

describe('an error', () => {
  it('is one line with its code', () => {
    expect(errorLine(failureOf(new ShoalError('NOT_FOUND', 'No "a\nb\x1b".')))).toBe('error NOT_FOUND: No "a\\nb\\x1b".')
  })

  it.each([
    [new ShoalError('WRONG_PASSWORD', 'm'), 'WRONG_PASSWORD', 3],
    [Object.assign(new Error('m'), { name: 'ShoalError', code: 'STORAGE_FULL' }), 'STORAGE_FULL', 7],
    [Object.assign(new Error('m'), { name: 'ShoalError', code: 'NO_SUCH_CODE' }), 'BUG', 1],
    [new DOMException('m', 'AbortError'), 'INTERRUPTED', 130],
    [Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' }), 'STORAGE_FULL', 7],
    [Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'read' }), 'STORAGE_FAILED', 7],
    [new TypeError('x is undefined'), 'BUG', 1],
    ['thrown text', 'BUG', 1]
  ])('%s is %s, status %i', (error, code, status) => { expect(failureOf(error)).toMatchObject({ code, status }) })
})

describe('a notice', () => {
  const [me, bob] = ['ann' as UserName, 'bob' as UserName]
  const line = (event: ShoalEvent): string | undefined => {
    const notice = noticeOf(event, me)
    return notice === undefined ? undefined : noticeLine(notice)
  }
  it('is not made of what the command that was typed has answered', () => {
    expect(line({ type: 'file', group: 'g' as never, user: me, name: 'f', change: 'shared' })).toBeUndefined()
    expect(line({ type: 'group', group: 'g' as never, user: me, change: 'requested' })).toBeUndefined()
  })
  it('says what to type', () => {
    expect(line({ type: 'group', group: 'g' as never, user: bob, change: 'requested' })).toBe('notice g: bob asks to join; type: accept_request g bob, or reject_request g bob')
    expect(line({ type: 'group', group: 'g' as never, user: me, change: 'accepted' })).toBe('notice g: you are a member now')
  })
  it('tells of a link that moved, and is silent about those that come and go', () => {
    const moved = { type: 'link', peer: '12D3' as PeerId, change: 'moved', from: 'tcp', transport: 'quic' } as const
    expect(line({ ...moved, user: bob })).toBe('notice the link to bob moved from tcp to quic')
    expect(line(moved)).toBe('notice the link to 12D3 moved from tcp to quic')
    expect(noticeOf({ type: 'link', peer: '12D3' as PeerId, change: 'open', transport: 'tcp' }, me)).toBeUndefined()
  })
  it('is one line that is safe to print', () => {
    expect(line({ type: 'file', group: 'g' as never, user: bob, name: 'a\x1b[2J\nb', change: 'shared' })).toBe('notice g: bob shared $\'a\\x1b[2J\\nb\'')
    expect(line({ type: 'blame', peer: '12D3' as PeerId, detail: 'sent\r\nbad data' })).toBe('warning peer 12D3: sent\\r\\nbad data')
  })
  it('is a warning when something went wrong', () => {
    expect(line({ type: 'download', group: 'g' as never, name: 'f', change: 'failed', detail: 'no' })).toMatch(/^warning download g f failed: no$/)
    expect(line({ type: 'share', group: 'g' as never, name: 'f', change: 'failed', code: 'FILE_NOT_FOUND', detail: 'it is gone' })).toMatch(/^warning g f is not shared: FILE_NOT_FOUND: it is gone$/)
    expect(line({ type: 'overflow' })).toMatch(/^warning /)
  })
})

describe('width', () => {
  it('counts columns, not code units', () => { expect([textWidth('abc'), textWidth('日本'), textWidth('e\u0301'), textWidth('👩‍👩‍👧')]).toEqual([3, 4, 1, 2]) })
  it('cuts where a character would not fit', () => { expect([cutTo('abc', 2), cutTo('日本', 3), cutTo('abc', 9)]).toEqual(['ab', '日', 'abc']) })
})
