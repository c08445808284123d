/** A peer of a transport in a process of its own, to be killed by the transport suite. Owns starting it, and what it does: it takes links and reads what comes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { ShoalError } from '../contract/index.ts'
import type { PeerId, PluginFactory } from '../contract/index.ts'
import { createNetwork } from '../network/index.ts'
import { quiet } from './subjects.ts'
import type { Doomed } from './transport.ts'

/** What runs in that process: says in one line of JSON who it is and where, then takes links until it is killed. */
export const takeLinks = async (plugin: PluginFactory<'transport'>): Promise<void> => {
  const network = await createNetwork({
    key: await generateKeyPair('Ed25519'), transports: [await plugin().create(quiet)], listen: { host: '127.0.0.1', port: 0 }, log: quiet.log
  })
  network.accept(link => { link.listen({ data () { /* read and forgotten */ }, drained () { /* it sends nothing */ }, closed () { /* it takes others */ } }) })
  process.stdout.write(`${JSON.stringify({ peer: network.peer, addresses: network.addresses() })}\n`)
  // it ends with whoever started it
  process.stdin.on('end', () => { process.exit() }).resume()
}

/**
 * @param module of the plugin, such as `new URL('./index.ts', import.meta.url)`
 * @param missedMs how long a peer that was killed may be missed for: a transport of the operating system's connections hears of it at once, others by silence
 */
export const doomedPeer = async (module: URL, missedMs: number): Promise<Doomed> => {
  const script = `const [{ default: plugin }, { takeLinks }] = await Promise.all([import(${JSON.stringify(module.href)}), import('shoal/testing')]); await takeLinks(plugin)`
  // from the plugin's folder, where its packages are found
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    // it is no part of a run of tests
    cwd: dirname(fileURLToPath(module)), env: { ...process.env, VITEST: undefined }, stdio: ['pipe', 'pipe', 'inherit']
  })
  const lines = createInterface({ input: child.stdout })
  const ended = once(child, 'exit').then(() => { throw new ShoalError('PLUGIN_FAILED', `The process of a peer of ${module.href} ended before it listened. Its error is above.`) })
  const [line] = await Promise.race([once(lines, 'line'), ended]) as [string]
  ended.catch(() => undefined) // it is to be killed
  const { peer, addresses } = JSON.parse(line) as { readonly peer: PeerId, readonly addresses: readonly string[] }
  return { peer, addresses, missedMs, kill: () => child.kill('SIGKILL') }
}
