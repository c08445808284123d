/** storage-file as any storage, on the system as it is and on worse ones. What only files can do wrong is in the other storage-file-*.test.ts. */
import { runSuite, storageSuite } from 'shoal/testing'
import { faultyGround, systemError } from '../testing/faulty-ground.ts'
import { fileWorld } from '../testing/storage-worlds.ts'

runSuite('storage-file', storageSuite, async () => fileWorld())

runSuite('storage-file with one file open at a time', storageSuite, async () => fileWorld({ openFiles: 1 }))

runSuite('storage-file without a home', storageSuite.filter(({ name }) => !name.includes('piece hashes') && !name.includes('whole layer')), async () => fileWorld({ home: false }))

runSuite('storage-file where there are no hard links', storageSuite.filter(({ name }) => /finish|replace|way|overwrite|discard|names/.test(name)), async () => fileWorld({
  ground: { link: async () => Promise.reject(systemError('EPERM')) }
}))

runSuite('storage-file where writes are short', storageSuite.filter(({ name }) => /order|next process|same time|hashes/.test(name)), async () => fileWorld({
  ground: faultyGround(({ method, args: [parts] }) => method !== 'writev' ? undefined : Math.ceil((parts as readonly Uint8Array[]).reduce((sum, { byteLength }) => sum + byteLength, 0) * 0.6))
}))
