import { describe, expect, it } from 'vitest'
import { formatTracker, isTrackerAddress, parseTrackerInfo } from '../../src/cli/tracker-info.ts'

const pin = 'ab'.repeat(32)
const parse = (text: string): unknown => parseTrackerInfo(text, 'info.txt')

describe('tracker_info', () => {
  it.each<[string, unknown]>([
    ['127.0.0.1:7400', [{ host: '127.0.0.1', port: 7400 }]],
    [`tracker.example.org:1#sha256=${pin}`, [{ host: 'tracker.example.org', port: 1, pin }]],
    [`a:1#sha256=${pin.toUpperCase()}`, [{ host: 'a', port: 1, pin }]],
    ['[::1]:65535', [{ host: '::1', port: 65535 }]],
    [`https://10.0.0.7:7400#sha256=${pin}`, [{ host: '10.0.0.7', port: 7400, pin }]],
    ['https://[fe80::1]:7400/', [{ host: 'fe80::1', port: 7400 }]],
    ['\ufeff# our trackers\r\n\r\n  a:1  \r\n\t# b:2\nb:2', [{ host: 'a', port: 1 }, { host: 'b', port: 2 }]]
  ])('%j is read', (text, trackers) => { expect(parse(text)).toEqual(trackers) })

  it.each([
    '', '# only a comment', 'localhost', 'localhost:', ':7400', 'a:70000', '::1:7400', '[::1]', '[10.0.0.1]:7400', '10.0.0:7400', '300.1.1.1:80', 'a b:1', 'http://a:1', 'a:1#sha256=12',
    `a:1#${pin}`, `a:1#sha1=${pin}`, 'a:1/path', '-a:1', `a:1#sha256=${pin}\nb:2#sha256=${'cd'.repeat(32)}`
  ])('%j is refused', text => { expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'BAD_TRACKER_INFO' }) as Error) })

  it('names file and line of a mistake', () => {
    expect(() => parse('a:1\n\nb')).toThrow(/^info\.txt, line 3: "b" is not understood/)
  })

  it('reads what it prints', () => {
    for (const tracker of parseTrackerInfo(`a:1\n[::1]:2#sha256=${pin}`, '')) expect(parse(formatTracker(tracker))).toEqual([tracker])
  })

  it.each([['tracker_info.txt', false], ['./a:1', false], ['/etc/a', false], ['a:1', true], [`https://a:1#sha256=${pin}`, true], ['https://nonsense', true]])('%j is an address: %s', (text, is) => {
    expect(isTrackerAddress(text)).toBe(is)
  })
})
