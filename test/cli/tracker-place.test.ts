import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { choosePlace } from '../../src/cli/tracker-place.ts'
import type { PeerId, RealmPin } from '../../src/contract/index.ts'

const pin = 'ab'.repeat(32) as RealmPin
const peer = '12D3KooWGQmdpzHXCqLno4mMxWXKNFQHASBeF99gTm2JR8Vu5Bdc' as PeerId
const otherPeer = '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5'
const own = Object.values(networkInterfaces()).flatMap(addresses => addresses ?? []).find(({ internal, family }) => !internal && family === 'IPv4')?.address

/** Where it listens, and the address that it prints when it listens on port 5000. */
const place = async (info: string | undefined, listen?: string, line?: string): Promise<unknown> => {
  const chosen = await choosePlace({ info: info === undefined ? undefined : file(info), listen, line })
  return [chosen.listen.host, chosen.listen.port, chosen.url({ pin, port: 5000 }).split('#')[0]]
}
const file = (text: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-place-'))
  onTestFinished(() => { rmSync(folder, { recursive: true }) })
  writeFileSync(join(folder, 'info'), text)
  return join(folder, 'info')
}

describe('the place of a tracker', () => {
  it.each([
    ['the default', undefined, undefined, ['127.0.0.1', 7400, 'https://127.0.0.1:5000']],
    ['a host of this machine', 'localhost:7400', undefined, ['127.0.0.1', 7400, 'https://localhost:7400']],
    ['another of 127/8', '127.9.9.9:7400', undefined, ['127.9.9.9', 7400, 'https://127.9.9.9:7400']],
    ['IPv6', '[::1]:7400', undefined, ['::1', 7400, 'https://[::1]:7400']],
    ['a host elsewhere, as behind a router', '203.0.113.7:7400', undefined, ['0.0.0.0', 7400, 'https://203.0.113.7:7400']],
    ['an IPv6 host elsewhere', '[2001:db8::7]:7400', undefined, ['::', 7400, 'https://[2001:db8::7]:7400']],
    ['--listen beside a file', '203.0.113.7:7400', '127.0.0.1:8000', ['127.0.0.1', 8000, 'https://203.0.113.7:7400']],
    ['--listen without a port', '203.0.113.7:7400', '[::1]', ['::1', 7400, 'https://203.0.113.7:7400']],
    ['--listen alone', undefined, '127.0.0.1:0', ['127.0.0.1', 0, 'https://127.0.0.1:5000']],
    ['a free port in the file', '127.0.0.1:0', undefined, ['127.0.0.1', 0, 'https://127.0.0.1:5000']]
  ])('is %s', async (_, info, listen, expected) => { expect(await place(info, listen)).toEqual(expected) })

  it('is where a line HOST:PORT says, whatever addresses of libp2p stand beside it', async () => {
    const line = `/ip4/192.0.2.7/tcp/7401/p2p/${peer}`
    expect(await place(`${line}\n127.0.0.1:1\n${line}\n127.0.0.2:2`, undefined, '2')).toEqual(['127.0.0.2', 2, 'https://127.0.0.2:2'])
    expect((await choosePlace({ info: file(`127.0.0.1:1\n${line}\n`), listen: undefined, line: undefined })).trackers).toBe(1)
    expect((await choosePlace({ info: file(`127.0.0.1:1\n${line}\n${line.replace(peer, otherPeer)}`), listen: undefined, line: undefined })).trackers).toBe(2)
    await expect(place(line)).rejects.toMatchObject({ code: 'BAD_TRACKER_INFO', message: expect.stringContaining('has no line HOST:PORT') as string })
  })

  it('prints each address of libp2p once, at the host that people are told, with peer id and pin', async () => {
    const libp2p = { peer, addresses: ['/ip4/10.0.0.1/tcp/7401', '/ip4/10.0.0.2/tcp/7401', '/ip4/10.0.0.1/udp/7401/quic-v1', '/ip4/10.0.0.1/udp/9/webrtc-direct/certhash/uEiCBdkphEC4GzqU_OH49BwY4paEDG5h7-9SeHgsvgLk5bQ', '/memory/x'] }
    const printed = async (info: string): Promise<readonly string[]> => (await choosePlace({ info: file(info), listen: undefined, line: undefined })).directions({ pin, port: 7400, libp2p }).split('\n').filter(text => text.startsWith('/'))
    const end = `/p2p/${peer}#sha256=${pin}`
    expect(await printed('203.0.113.7:7400')).toEqual([`/ip4/203.0.113.7/tcp/7401${end}`, `/ip4/203.0.113.7/udp/7401/quic-v1${end}`, `/ip4/203.0.113.7/udp/9/webrtc-direct/certhash/uEiCBdkphEC4GzqU_OH49BwY4paEDG5h7-9SeHgsvgLk5bQ${end}`])
    expect((await printed('[2001:db8::7]:7400'))[1]).toBe(`/ip4/10.0.0.2/tcp/7401${end}`)
    expect((await printed('localhost:7400'))[0]).toBe(`/dns/localhost/tcp/7401${end}`)
  })

  it('is the line that is asked for', async () => {
    expect(await place('127.0.0.1:1\n# b\n127.0.0.2:2', undefined, '2')).toEqual(['127.0.0.2', 2, 'https://127.0.0.2:2'])
  })

  it.skipIf(own === undefined)('on all interfaces shows an address that others can dial (skipped where this machine has none)', async () => {
    expect(await place(undefined, '0.0.0.0')).toEqual(['0.0.0.0', 7400, `https://${own ?? ''}:5000`])
  })

  it('says whether others can see it, and what to type', async () => {
    const said = async (listen: string): Promise<string> => (await choosePlace({ info: undefined, listen, line: undefined })).directions({ pin, port: 5000 })
    expect(await said('127.0.0.1')).toMatch(/this machine only/)
    expect(await said('203.0.113.7')).toMatch(/^On another machine: {2}shoal peer 'https:\/\/203\.0\.113\.7:5000#sha256=(ab){32}'$/m)
  })

  it.each(['::1', 'a:b:c', 'a b', '1.2.3:4'])('is not %j', async listen => {
    await expect(choosePlace({ info: undefined, listen, line: undefined })).rejects.toMatchObject({ code: 'BAD_OPTION' })
  })
})
