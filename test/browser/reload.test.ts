import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { bundled, chromiumPath, launch, launchAt, noChromium, servePages } from './chromium.ts'
import type { PageServer } from './chromium.ts'
import type { Steps } from './reload-page.ts'

type Step = { [K in keyof Steps]: Steps[K] extends (...args: never) => unknown ? K : never }[keyof Steps]

describe('a page that is gone without a word', () => {
  let [browser, server, page]: [Browser?, PageServer?, Page?] = []
  beforeAll(async () => {
    if (chromiumPath === undefined) return
    const scripts = await bundled(fileURLToPath(new URL('./reload-page.ts', import.meta.url)))
    server = await servePages({ '/': '<!doctype html><title>Reloads</title><script type="module" src="/reload-page.js"></script>', ...scripts })
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })
  beforeEach(async ({ skip }) => {
    if (browser === undefined || server === undefined) { skip(noChromium); return }
    page = await (await browser.newContext()).newPage()
    await page.goto(server.url)
    await page.waitForFunction(() => Reflect.has(globalThis, 'steps'))
  })
  const at = (): Page => {
    if (page === undefined) throw new Error('There is no page.')
    return page
  }
  const run = async <K extends Step>(step: K, ...args: Parameters<Steps[K]>): Promise<Awaited<ReturnType<Steps[K]>>> =>
    at().evaluate(async ([name, given]) => {
      const steps = Reflect.get(globalThis, 'steps') as Record<string, (...args: readonly unknown[]) => Promise<unknown>>
      return steps[name]?.(...given)
    }, [step, args] as const) as Promise<Awaited<ReturnType<Steps[K]>>>
  const reload = async (): Promise<void> => {
    await at().reload()
    await at().waitForFunction(() => Reflect.has(globalThis, 'steps'))
  }

  it('leaves every piece whose write returned: sure up to the last checkpoint, to be verified again after it', async () => {
    await run('open')
    await run('reserve')
    await run('write', [7, 3, 40])
    await run('flush')
    await run('write', [0])
    await reload()
    const { sure, doubtful } = await run('open')
    expect(sure).toEqual([3, 7, 40])
    expect(doubtful).toEqual([0])
    for (const piece of [0, 3, 7, 40]) expect(await run('isRight', piece)).toBe(true)
  })

  it('has had a checkpoint every 8 MiB, however fast they came', async () => {
    await run('open')
    const all = Array.from({ length: 41 }, (_, i) => i)
    await at().evaluate(() => { Reflect.set(globalThis, 'setTimeout', () => 0) }) // no second ever passes
    await run('write', all)
    await reload()
    const { sure, doubtful } = await run('open')
    expect(doubtful.length).toBeLessThanOrEqual(16 + 2) // and what was written while it was made
    expect([...sure, ...doubtful].sort((a, b) => a - b)).toEqual(all)
  })

  it('that had finished a download and told nobody has finished it: no other file is taken for it', async () => {
    await run('open')
    await run('write', Array.from({ length: 41 }, (_, i) => i))
    const path = await run('finish')
    await reload()
    const { sure } = await run('open')
    expect(sure.length).toBe(41)
    expect(await run('finish')).toBe(path)
    expect(await run('isRight', 40)).toBe(true)
    await reload()
    await at().evaluate(async () => {
      interface Folder { getDirectoryHandle (name: string): Promise<Folder>, getFileHandle (name: string): Promise<{ createWritable (): Promise<{ write (text: string): Promise<void>, close (): Promise<void> }> }> }
      const root = await (navigator as unknown as { readonly storage: { getDirectory (): Promise<Folder> } }).storage.getDirectory()
      const writable = await (await (await root.getDirectoryHandle('kept')).getFileHandle('a')).createWritable()
      await writable.write('somebody else wrote this')
      await writable.close()
    })
    await expect(run('open')).rejects.toThrow(/exists/)
  })

  it('and a browser without space for more: told at once and at each piece, nothing is lost, and it goes on when there is', async () => {
    // a window without a profile keeps its files in memory and knows no quota
    const profile = mkdtempSync(join(tmpdir(), 'shoal-quota-'))
    const context = await launchAt(profile)
    onTestFinished(async () => {
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    })
    page = await context.newPage()
    await page.goto(server?.url ?? '')
    await page.waitForFunction(() => Reflect.has(globalThis, 'steps'))
    const { origin } = new URL(at().url())
    const cdp = await context.newCDPSession(at())
    await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 6 * 1024 * 1024 })
    await run('open')
    await expect(run('reserve')).rejects.toThrow(/no more space/)
    await run('write', [0, 1, 2])
    await expect(run('write', Array.from({ length: 30 }, (_, i) => 3 + i))).rejects.toThrow(/no more space/)
    await cdp.send('Storage.overrideQuotaForOrigin', { origin })
    await run('write', [40])
    await reload()
    const { sure, doubtful } = await run('open')
    const had = [...sure, ...doubtful]
    expect(had).toEqual(expect.arrayContaining([0, 1, 2, 40]))
    expect(had.length).toBeLessThan(20)
    for (const piece of had) expect(await run('isRight', piece)).toBe(true)
  })

  it('leaves a state with all that was written, without what was leased, and one page at a time has it', async () => {
    await run('put', 'a', 'one')
    await run('put', 'b', 'leased', 600_000)
    await run('put', 'a', 'two')
    const other = await at().context().newPage()
    await other.goto(server?.url ?? '')
    await other.waitForFunction(() => Reflect.has(globalThis, 'steps'))
    await expect(other.evaluate(async () => (Reflect.get(globalThis, 'steps') as Steps).all())).rejects.toThrow(/in use by another page/)
    await other.close()
    await reload()
    expect(await run('all')).toEqual(['3 a=two'])
    expect(await run('revision')).toBe(4)
  })
})
