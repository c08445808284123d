/** storage-file as any storage, on the system as it is and on worse ones. What only files can do wrong is in the other storage-file-*.test.ts. */
import { runSuite, storageSuite } from 'shoal/testing'
import { faultyGround, systemError } from '../testing/faulty-ground.ts'
import { fileWorld } from '../testing/storage-worlds.ts'

const only = (names: RegExp) => storageSuite.filter(({ name }) => names.test(name))

runSuite('storage-file', storageSuite, async () => fileWorld())

runSuite('storage-file with one file open at a time', only(/same time|on until|in any script|shared file|forgotten/), async () => fileWorld({ openFiles: 1 }))

// its piece hashes are gone with the process
runSuite('storage-file without a home', only(/another content at|forgotten|discard|foreign|way of the next/), async () => fileWorld({ home: false }))

runSuite('storage-file where there are no hard links', only(/finish|replace|way|in any script/), async () => fileWorld({
  ground: { link: async () => Promise.reject(systemError('EPERM')) }
}))

runSuite('storage-file where writes are short', only(/whole layer|forgotten|many pieces/), async () => fileWorld({
  ground: faultyGround(({ method, args: [parts] }) => method !== 'writev' ? undefined : Math.ceil((parts as readonly Uint8Array[]).reduce((sum, { byteLength }) => sum + byteLength, 0) * 0.6))
}))
