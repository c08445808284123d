/** A firewall that drops what a transport sends, without a word. */
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { createNamespaces, whyNoNamespaces } from '../e2e/namespaces.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

it('the next transport is linked within 2 s when a rule drops all packets of the preferred one, whichever that is', context => {
  const why = whyNoNamespaces('iptables')
  if (why !== undefined) { context.skip(why); return }
  const space = createNamespaces().space('drop')
  const results = space.run(process.execPath, '--import', here('../testing/source-hooks.ts'), here('dropper.ts')).trim().split('\n')
    .map(line => JSON.parse(line) as { readonly preferred: string, readonly took: string, readonly ms: number })
  expect(results.map(({ preferred, took }) => `${preferred} -> ${took}`)).toEqual(['tcp -> quic', 'quic -> tcp', 'webrtc -> tcp'])
  for (const { ms } of results) expect(ms).toBeLessThan(2_000)
}, 60_000)
