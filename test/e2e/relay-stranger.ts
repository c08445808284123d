/** A stranger at a relay, as a process for a namespace: opens a link there, shows nothing, asks for a place, and prints what came of it. */
import { tcp } from '../../plugins/transport-tcp/index.ts'
import { relayProtocol } from '../../src/core/relay.ts'
import { generateKey } from '../../src/keys/ed25519.ts'
import { createNetwork } from '../../src/network/index.ts'

const [, , address = ''] = process.argv
const network = await createNetwork({ key: (await generateKey()).libp2p, transports: [tcp()], listen: undefined, log () {} })
await network.reach(address, relayProtocol, AbortSignal.timeout(5_000))
const outcome = await network.reserve(address).then(() => 'a place', (error: unknown) => String(error))
process.stdout.write(`${outcome}\n`)
await network.stop()
