import { fileURLToPath } from 'node:url'
import { integritySuite, stateSuite, storageSuite } from 'shoal/testing'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundled, chromiumPath, launch, noChromium, servePages } from './chromium.ts'
import type { PageServer } from './chromium.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const suites: readonly (readonly [string, string, readonly { readonly name: string, readonly timeoutMs?: number }[], Readonly<Record<string, string>>])[] = [
  ['state-indexeddb', 'state', stateSuite, {}],
  ['storage-opfs', 'storage', storageSuite, {}],
  ...['blake3', 'sha1', 'sha256'].map(scheme => [`integrity-${scheme}`, scheme, integritySuite, {}] as const)
]

describe('in a real Chromium', () => {
  let [browser, server, page]: [Browser?, PageServer?, Page?] = []

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    const scripts = await bundled(here('./suites-page.ts'), { 'node:assert/strict': here('./page-assert.ts') })
    server = await servePages({ '/': '<!doctype html><title>Suites</title><script type="module" src="/suites-page.js"></script>', ...scripts })
    browser = await launch()
    page = await browser.newPage()
    await page.goto(server.url)
    await page.waitForFunction(() => Reflect.has(globalThis, 'runCase'))
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  for (const [plugin, kind, cases, reasons] of suites) {
    describe(plugin, () => {
      for (const { name, timeoutMs } of cases) {
        it(name, async ({ skip }) => {
          if (chromiumPath === undefined) skip(noChromium)
          if (reasons[name] !== undefined) skip(reasons[name])
          const failed = await page?.evaluate(async ([ofKind, ofName]) => {
            const runCase = Reflect.get(globalThis, 'runCase') as (kind: string, name: string) => Promise<string | undefined>
            return runCase(ofKind, ofName)
          }, [kind, name] as const)
          expect(failed).toBeUndefined()
        }, timeoutMs)
      }
    })
  }
})
