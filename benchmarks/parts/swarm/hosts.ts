/** Hosts on one switch: a namespace each, a cable to a bridge in a namespace of its own, and what a host sends shaped to its rate. What it receives is not. */
import type { Namespaces, Space } from '../../namespaces.ts'

export interface Host { readonly space: Space, readonly address: string }

const network = '10.78.0'

/** @param rate as `tc` has it; undefined: not shaped */
export const createHosts = (namespaces: Namespaces, rates: readonly (string | undefined)[]): readonly Host[] => {
  const bridge = namespaces.space('switch')
  bridge.run('ip', 'link', 'add', 'br0', 'type', 'bridge')
  bridge.run('ip', 'link', 'set', 'br0', 'up')
  return rates.map((rate, i) => {
    const space = namespaces.space(`h${i}`)
    const address = `${network}.${i + 1}`
    bridge.run('ip', 'link', 'add', `p${i}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space.name)
    bridge.run('ip', 'link', 'set', `p${i}`, 'master', 'br0', 'up')
    space.run('ip', 'address', 'add', `${address}/24`, 'dev', 'eth0')
    space.run('ip', 'link', 'set', 'eth0', 'up')
    if (rate !== undefined) {
      space.run('ip', 'link', 'set', 'dev', 'eth0', 'gso_max_segs', '1') // each frame has its headers, as on a wire
      space.run('tc', 'qdisc', 'add', 'dev', 'eth0', 'root', 'tbf', 'rate', rate, 'burst', '16kb', 'latency', '400ms')
    }
    return { space, address }
  })
}
