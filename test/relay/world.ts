/** A relay and peers on the loopback interface of one process, for tests: a realm key, credentials signed by it, links to the relay. */
import { tcp } from '../../plugins/transport-tcp/index.ts'
import type { GroupId, Link, PeerId, Realm, Transport } from '../../src/contract/index.ts'
import { realmPin } from '../../src/core/content-id.ts'
import { credentialStatement, encodeCredential } from '../../src/core/credential.ts'
import { generateKey } from '../../src/keys/ed25519.ts'
import type { SigningKey } from '../../src/keys/ed25519.ts'
import { createNetwork } from '../../src/network/index.ts'
import type { RelayedNetwork } from '../../src/network/index.ts'
import { createRelay } from '../../src/relay/index.ts'
import type { Relay, RelayOptions } from '../../src/relay/index.ts'
import { onTestFinished } from 'vitest'

export const groupOf = (digit: string): GroupId => digit.repeat(64) as GroupId

export interface Member {
  readonly network: RelayedNetwork
  readonly peer: PeerId
  credential (group: GroupId, change?: { readonly notAfter?: number, readonly device?: PeerId, readonly key?: SigningKey }): Promise<Uint8Array>
}

export interface RelayWorld {
  readonly relay: Relay
  readonly realm: Realm
  readonly address: string
  readonly notes: readonly string[]
  /** @param transports tcp */
  member (transports?: readonly Transport[]): Promise<Member>
  /** Stops the relay and starts it again, with its key and port. */
  restart (): Promise<void>
}

export const listen = { host: '127.0.0.1', port: 0 }

export const createRelayWorld = async (options: Partial<Omit<RelayOptions, 'realm'> & { readonly transports: readonly Transport[] }> = {}): Promise<RelayWorld> => {
  const realmKey = await generateKey()
  const realm = { key: realmKey.publicKey, pin: realmPin(realmKey.publicKey) }
  const notes: string[] = []
  const { libp2p: key } = await generateKey()
  const start = (port: number): Promise<Relay> => createRelay({ realm: () => realm, key, transports: [tcp()], listen: { ...listen, port }, log: line => { notes.push(line) }, ...options })
  let relay = await start(0)
  onTestFinished(() => relay.stop())
  const [address = ''] = relay.addresses()
  return {
    get relay () { return relay },
    address, notes, realm,
    async restart () {
      await relay.stop()
      relay = await start(Number(address.split('/')[4]))
    },
    async member (transports = [tcp()]) {
      const device = await generateKey()
      const network = await createNetwork({ key: device.libp2p, transports, listen, log: line => { notes.push(line) } })
      onTestFinished(() => network.stop())
      return {
        network, peer: device.peer,
        async credential (group, { notAfter = Date.now() + 60_000, device: shown = device.peer, key = realmKey } = {}) {
          const credential = { format: 1, realm: realm.pin, group, user: 'alice' as never, device: shown, role: 'member', seq: 0, notAfter } as const
          return encodeCredential(credential, await key.sign(credentialStatement(credential)))
        }
      }
    }
  }
}

/** What came over a link, until it holds that many bytes. */
export const received = (link: Link, bytes: number): Promise<Uint8Array> => new Promise((resolve, reject) => {
  const parts: Uint8Array[] = []
  let got = 0
  link.listen({
    data (chunk) {
      parts.push(chunk)
      got += chunk.byteLength
      if (got >= bytes) resolve(Buffer.concat(parts))
    },
    drained () {},
    closed (error) { reject(error ?? new Error(`It was closed after ${got} bytes.`)) }
  })
})
