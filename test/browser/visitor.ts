/** A person at the page of examples/browser, in a Chromium of its own. Owns what is typed and clicked, no assertion. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { BrowserContext, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { password } from '../e2e/world.ts'
import type { World } from '../e2e/world.ts'
import { launchAt } from './chromium.ts'

const serverPath = fileURLToPath(new URL('../../examples/browser/serve.js', import.meta.url))

/** As `shoal.downloads()` says it in the page. */
export interface PageDownload {
  readonly name: string
  readonly state: string
  readonly length: number
  readonly haveBytes: number
  readonly fetchedBytes: number
  readonly resumedBytes: number
  readonly wastedBytes: number
  readonly bytesByPeer: readonly { readonly user?: string, readonly bytes: number, readonly transport: string }[]
}

export interface Visitor {
  readonly page: Page
  readonly context: BrowserContext
  readonly url: string
  /** Fills in the form and sends it. Waits for nothing. */
  enter (button: 'Log in' | 'Create account', name: string, tracker: string): Promise<void>
  /** The groups are there. */
  inside (): Promise<void>
  /** Asks to be let in; waits until that is said. */
  join (group: string, owner: string): Promise<void>
  open (group: string): Promise<void>
  click (what: string): Promise<void>
  /** The button is there. */
  sees (what: string, withinMs?: number): Promise<void>
  downloads (): Promise<readonly PageDownload[]>
  /** Peer id of the page. */
  device (): Promise<string>
  /** Hex SHA-256 of a file of the page, read as the page's own code would. */
  hashOf (path: string): Promise<string>
  /** As it was recorded last, read without the peer. */
  recorded (): Promise<readonly PageDownload[]>
}

/** The tracker's address for browsers, as it printed it. */
export const webrtcAddress = async (world: World): Promise<string> => {
  for (;;) {
    const line = await world.tracker.line()
    if (line.includes('/webrtc-direct/')) return line
  }
}

const serve = async (): Promise<string> => {
  const server = spawn(process.execPath, [serverPath, '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => { server.kill('SIGKILL') })
  return new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).once('line', resolve)
    server.once('exit', code => { reject(new Error(`The server of the page ended with ${code ?? 'a signal'}.`)) })
  })
}

export const visit = async (): Promise<Visitor> => {
  const profile = mkdtempSync(join(tmpdir(), 'shoal-visitor-'))
  const url = await serve()
  const context = await launchAt(profile)
  const page = context.pages()[0] ?? await context.newPage()
  const said: string[] = []
  page.on('console', message => said.push(message.text()))
  page.on('pageerror', error => said.push(String(error)))
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') {
      for (const line of said.slice(-15)) process.stderr.write(`page: ${line}\n`)
      process.stderr.write(`page shows: ${await page.innerText('body').catch(String)}\n`)
    }
    await context.close()
    rmSync(profile, { recursive: true, force: true })
  })
  await page.goto(url)

  return {
    page, context, url,
    async enter (button, name, tracker) {
      await page.getByLabel('Tracker').fill(tracker)
      await page.getByLabel('Name', { exact: true }).fill(name)
      await page.getByLabel('Password').fill(password)
      await page.getByRole('button', { name: button }).click()
    },
    inside: async () => page.getByRole('heading', { name: 'Groups' }).waitFor(),
    async join (group, owner) {
      await page.getByLabel('Name of a group').fill(group)
      await page.getByRole('button', { name: 'Join' }).click()
      await page.getByText(`waiting for ${owner}`).waitFor()
    },
    async open (group) {
      await page.getByRole('button', { name: `Open ${group}` }).click()
      await page.getByRole('heading', { name: group }).waitFor()
    },
    click: async what => page.getByRole('button', { name: what }).click(),
    sees: async (what, timeout = 60_000) => page.getByRole('button', { name: what }).waitFor({ timeout }),
    downloads: async () => page.evaluate(() => (Reflect.get(globalThis, 'shoal') as { downloads (): readonly PageDownload[] }).downloads()),
    device: async () => page.evaluate(() => (Reflect.get(globalThis, 'shoal') as { readonly peer: string }).peer),
    hashOf: async path => page.evaluate(async parts => {
      interface Folder { getDirectoryHandle (name: string): Promise<Folder>, getFileHandle (name: string): Promise<{ getFile (): Promise<Blob> }> }
      let folder = await (navigator as unknown as { readonly storage: { getDirectory (): Promise<Folder> } }).storage.getDirectory()
      for (const name of parts.slice(0, -1)) folder = await folder.getDirectoryHandle(name)
      const file = await (await folder.getFileHandle(parts.at(-1) ?? '')).getFile()
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()))
      return Array.from(hash, byte => byte.toString(16).padStart(2, '0')).join('')
    }, path.split('/').filter(part => part !== '')),
    recorded: async () => page.evaluate(async () => {
      interface Asking<T> { readonly result: T, onsuccess: () => void, onerror: () => void }
      interface Database { transaction (name: string): { objectStore (name: string): { getAll (): Asking<readonly { readonly key: Uint8Array, readonly value: Uint8Array }[]> } }, close (): void }
      const answer = async <T>(asking: Asking<T>): Promise<T> => new Promise((resolve, reject) => {
        asking.onsuccess = () => { resolve(asking.result) }
        asking.onerror = () => { reject(new Error('IndexedDB')) }
      })
      const database = await answer((Reflect.get(globalThis, 'indexedDB') as { open (name: string): Asking<Database> }).open('shoal'))
      const text = new TextDecoder()
      const all = await answer(database.transaction('entries').objectStore('entries').getAll())
      database.close()
      return all.filter(({ key }) => text.decode(key).startsWith('download/')).map(({ value }) => JSON.parse(text.decode(value.subarray(1))) as PageDownload)
    })
  }
}
