import { describe, expect, it } from 'vitest'
import { formatTracker, isTrackerAddress, parseTrackerInfo } from '../../src/cli/tracker-info.ts'

const pin = 'ab'.repeat(32)
const peer = '12D3KooWGQmdpzHXCqLno4mMxWXKNFQHASBeF99gTm2JR8Vu5Bdc'
const tcp = `/ip4/192.0.2.7/tcp/7401/p2p/${peer}`
const direct = `/ip6/2001:db8::7/udp/7402/webrtc-direct/certhash/uEiCBdkphEC4GzqU_OH49BwY4paEDG5h7-9SeHgsvgLk5bQ/p2p/${peer}`
const parse = (text: string): unknown => parseTrackerInfo(text, 'info.txt')

describe('tracker_info', () => {
  it.each<[string, unknown]>([
    ['127.0.0.1:7400', [{ host: '127.0.0.1', port: 7400 }]],
    [`tracker.example.org:1#sha256=${pin}`, [{ host: 'tracker.example.org', port: 1, pin }]],
    [`a:1#sha256=${pin.toUpperCase()}`, [{ host: 'a', port: 1, pin }]],
    ['[::1]:65535', [{ host: '::1', port: 65535 }]],
    [`https://10.0.0.7:7400#sha256=${pin}`, [{ host: '10.0.0.7', port: 7400, pin }]],
    ['https://[fe80::1]:7400/', [{ host: 'fe80::1', port: 7400 }]],
    [tcp, [{ address: tcp, peer }]],
    [`${direct}#sha256=${pin}`, [{ address: direct, peer, pin }]],
    [`${tcp}/`, [{ address: tcp, peer }]],
    [`a:1\n/dns/tracker.example/udp/7401/quic-v1/p2p/${peer}\n`, [{ host: 'a', port: 1 }, { address: `/dns/tracker.example/udp/7401/quic-v1/p2p/${peer}`, peer }]],
    ['\ufeff# our trackers\r\n\r\n  a:1  \r\n\t# b:2\nb:2', [{ host: 'a', port: 1 }, { host: 'b', port: 2 }]]
  ])('%j is read', (text, trackers) => { expect(parse(text)).toEqual(trackers) })

  it.each([
    '', '# only a comment', 'localhost', 'localhost:', ':7400', 'a:70000', '::1:7400', '[::1]', '[10.0.0.1]:7400', '10.0.0:7400', '300.1.1.1:80', 'a b:1', 'http://a:1', 'a:1#sha256=12',
    `a:1#${pin}`, `a:1#sha1=${pin}`, 'a:1/path', '-a:1', `a:1#sha256=${pin}\nb:2#sha256=${'cd'.repeat(32)}`,
    '/ip4/192.0.2.7/tcp/7401', `${tcp}x`, '/ip4/192.0.2.7/tcp/7401/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N', direct.replace(/certhash.*bQ/, ''), `${tcp}#sha256=1`, `https:/${tcp}`,
    `${tcp}#sha256=${pin}\nb:2#sha256=${'cd'.repeat(32)}`
  ])('%j is refused', text => { expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'BAD_TRACKER_INFO' }) as Error) })

  it('names file and line of a mistake', () => {
    expect(() => parse('a:1\n\nb')).toThrow(/^info\.txt, line 3: "b" is not understood/)
  })

  it('says what is wrong with an address of libp2p', () => {
    for (const [text, why] of [['/ip4/192.0.2.7/tcp/7401', 'does not end with /p2p/'], ['/ip4/no.such/tcp/7401', 'no multiaddr'], [`/ip4/192.0.2.7/udp/1/webrtc-direct/p2p/${peer}`, 'no /certhash/']]) {
      expect(() => parse(text ?? '')).toThrow(new RegExp(`line 1: .* is not understood: .*${why ?? ''}.* a line that a tracker printed`))
    }
  })

  it('reads what it prints', () => {
    for (const tracker of parseTrackerInfo(`a:1\n[::1]:2#sha256=${pin}\n${direct}\n${tcp}#sha256=${pin}`, '')) expect(parse(formatTracker(tracker))).toEqual([tracker])
  })

  it.each([['tracker_info.txt', false], ['./a:1', false], ['/etc/a', false], ['a:1', true], [`https://a:1#sha256=${pin}`, true], ['https://nonsense', true], [tcp, true], ['/ip4/192.0.2.7/tcp/7401', true], ['/', false], ['/home/ip4/x', false]])('%j is an address: %s', (text, is) => {
    expect(isTrackerAddress(text)).toBe(is)
  })
})
