/** A real browser for tests: Chromium where the PATH has one, pages from a server on this machine, code bundled as anyone would. Owns no assertion. */
import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext } from 'playwright-core'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const isProgram = (path: string): boolean => {
  try { accessSync(path, constants.X_OK); return true } catch { return false }
}

/** Path of a Chromium; undefined where there is none. */
export const chromiumPath: string | undefined = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap(name => (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, name))).find(isProgram)

/** Why a test that needs a browser is skipped. */
export const noChromium = 'there is no chromium on the PATH: install it (Debian: apt-get install chromium)'

const options = (): { readonly executablePath: string, readonly args: string[] } => {
  if (chromiumPath === undefined) throw new Error(noChromium)
  return { executablePath: chromiumPath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] }
}

export const launch = async (): Promise<Browser> => chromium.launch(options())

/** One that keeps its data in a folder, as a person's does. */
export const launchAt = async (profile: string): Promise<BrowserContext> => chromium.launchPersistentContext(profile, options())

/** What `shoal/…` means in the sources. */
export const names = {
  'shoal/plugin': here('../../src/plugin.ts'),
  'shoal/browser': here('../../src/browser.ts')
}

/**
 * An entry and its chunks, by path as they are served; the entry as `/NAME.js`. With chunks, because esbuild otherwise forgets to start modules that are reached
 * both by import and by import(), in a package without side effects.
 * @param also modules that stand for others
 */
export const bundled = async (entry: string, also: Readonly<Record<string, string>> = {}): Promise<Readonly<Record<string, string>>> => {
  const { outputFiles } = await build({
    entryPoints: [entry], bundle: true, splitting: true, platform: 'browser', format: 'esm', outdir: '/', write: false, logLevel: 'silent', alias: { ...names, ...also }
  })
  return Object.fromEntries(outputFiles.map(({ path, text }) => [path, text]))
}

export interface PageServer { readonly url: string, close (): Promise<void> }

/** Serves texts by path, on a port of its own. `localhost` is what browsers trust without a certificate. */
export const servePages = async (pages: Readonly<Record<string, string>>): Promise<PageServer> => {
  const server = createServer((request, response) => {
    const text = pages[new URL(request.url ?? '/', 'http://localhost').pathname]
    response.writeHead(text === undefined ? 404 : 200, { 'content-type': request.url?.endsWith('.js') === true ? 'text/javascript' : 'text/html' })
    response.end(text)
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: async () => new Promise(resolve => { server.closeAllConnections(); server.close(() => { resolve() }) })
  }
}
