#!/usr/bin/env node
/** The process `shoal`: its Node, its streams, its signals, its exit. What it does is in program.ts, loaded once the Node is known to be able to. */
import { setTimeout as sleep } from 'node:timers/promises'

const oldest: readonly [number, number] = [24, 11]

const isOld = (): boolean => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1])
}

/** Nobody may read what is left: then it is not waited for. */
const flushMs = 1000

const main = async (): Promise<number> => {
  if (isOld()) {
    process.stderr.write(`shoal: error USAGE: Shoal needs Node ${oldest.join('.')} or later, and this is ${process.version}. In a checkout, run bin/shoal: it brings its own.\n`)
    return 2
  }
  const [{ runProgram }, { createEnding, endOnSignals }, { detailsOf, failureOf }, { flushed }] =
    await Promise.all([import('./program.ts'), import('./signals.ts'), import('./exit.ts'), import('./io.ts')])
  const argv = process.argv.slice(2)
  const debug = argv.includes('--debug')
  const io = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env }
  const ending = createEnding()
  endOnSignals(ending)
  // the reader is gone: there is nobody to tell, so it ends as if it had been asked to
  process.stdout.on('error', () => { ending.end('output closed') })
  process.stderr.on('error', () => { ending.end('output closed') })
  // what Node and packages warn of is not for users
  process.removeAllListeners('warning')
  process.on('warning', warning => { if (debug) process.stderr.write(`debug ${String(warning)}\n`) })
  const bug = (error: unknown): string => `BUG: ${failureOf(error).message}${debug ? `\n${detailsOf(error)}` : ''}\n`
  // a promise that nobody waited for does not take the peer down; an exception in the middle of something does: what is acknowledged is durable
  process.on('unhandledRejection', error => { process.stderr.write(`warning ${bug(error)}`) })
  process.on('uncaughtException', error => { process.stderr.write(`shoal: error ${bug(error)}`); process.exit(1) })
  const status = await runProgram(argv, io, ending)
  await Promise.race([flushed(io), sleep(flushMs)])
  return status
}

process.exit(await main())
