import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runSuite, trackerSuite } from 'shoal/testing'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import plugin, { libp2pTracker } from '../../plugins/tracker-libp2p/index.ts'
import { memoryTransport } from '../../plugins/transport-memory/index.ts'
import quic from '../../plugins/transport-quic/index.ts'
import { tcp } from '../../plugins/transport-tcp/index.ts'
import webrtc from '../../plugins/transport-webrtc/index.ts'
import type { Transport } from '../../src/contract/index.ts'
import { generateKey } from '../../src/keys/ed25519.ts'
import { startStream } from '../tracker/stream/running.ts'
import type { RunningStream } from '../tracker/stream/running.ts'
import { trackerRealm } from '../tracker/signers.ts'

const folder = mkdtempSync(join(tmpdir(), 'shoal-stream-'))
afterAll(() => { rmSync(folder, { recursive: true }) })
const context = { log: () => { /* quiet */ } }

const transports: Readonly<Record<string, () => Promise<Transport> | Transport>> = {
  memory: () => memoryTransport(),
  tcp: () => tcp(),
  quic: () => quic().create(context),
  webrtc: () => webrtc().create(context)
}

for (const [name, transport] of Object.entries(transports)) {
  runSuite(`tracker libp2p over ${name}`, trackerSuite, async () => {
    const running = await startStream(transport)
    return { subject: trackerRealm(() => running.client()), release: () => running.stop() }
  })
}
