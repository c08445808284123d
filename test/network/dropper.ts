/** In a network namespace of its own: two networks, and a rule that drops what one transport sends. Prints what a dial took then, as JSON, for each transport. */
import { execFileSync } from 'node:child_process'
import { quic } from '../../plugins/transport-quic/index.ts'
import { tcp } from '../../plugins/transport-tcp/index.ts'
import { webrtc } from '../../plugins/transport-webrtc/index.ts'
import { networkOf } from './networks.ts'

const context = { log () {} }
const carrier = { tcp: 'tcp', quic: 'udp', webrtc: 'udp' } as const

for (const preferred of ['tcp', 'quic', 'webrtc'] as const) {
  const transports = async () => [tcp(), quic(), await webrtc({}, context)].sort((a, b) => Number(b.name === preferred) - Number(a.name === preferred))
  const [far, near] = [await networkOf(await transports()), await networkOf(await transports(), { listen: undefined })]
  const [, , , , port = ''] = far.addresses().find(address => address.includes(preferred === 'tcp' ? '/tcp/' : preferred))?.split('/') ?? []
  const rule = ['INPUT', '-p', carrier[preferred], '--dport', port, '-j', 'DROP']
  execFileSync('iptables', ['-I', ...rule])
  const since = performance.now()
  const link = await near.dial(far.peer, far.addresses(), AbortSignal.timeout(10_000))
  process.stdout.write(`${JSON.stringify({ preferred, took: link.transport, ms: Math.round(performance.now() - since) })}\n`)
  execFileSync('iptables', ['-D', ...rule])
  await Promise.all([near.stop(), far.stop()])
}
