import { describe, expect, it } from 'vitest'
import { files, imports } from './tree.ts'

/** Who may import whom, by the first part of the path below src/. DESIGN calls it the direction of imports. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  keys: ['contract', 'core'],
  core: ['contract'],
  wire: ['contract', 'core/message.ts'],
  engine: ['contract', 'core', 'wire'],
  network: ['contract', 'plugin/bounded-yamux.ts'],
  relay: ['contract', 'core', 'keys', 'network'],
  membership: ['contract', 'core', 'keys'],
  profile: ['contract', 'keys'],
  tracker: ['contract', 'core', 'keys'],
  sim: ['contract', 'core'],
  testing: ['contract', 'core', 'keys', 'network'],
  plugin: ['contract', 'core/vouch.ts', 'keys/ed25519.ts'],
  'plugin.ts': ['contract', 'plugin', 'core/vouch.ts'],
  files: ['contract', 'make-folder.ts'],
  peer: ['contract', 'core', 'engine', 'membership', 'profile', 'network', 'keys'],
  cli: ['contract', 'tracker', 'relay', 'index.ts', 'plugin.ts', 'version.ts', 'loader.ts', 'preset.ts', 'shoal.ts', 'network', 'make-folder.ts', 'own-name.ts', 'transports.ts']
}
/** These assemble the house: they may import all but its command line. */
const assemblers = ['assemble.ts', 'browser.ts', 'own-name.ts', 'transports.ts', 'make-folder.ts', 'index.ts', 'shoal.ts', 'preset.ts', 'loader.ts', 'version.ts']
const runsInBrowser = ['contract', 'core', 'wire', 'engine', 'network', 'keys', 'membership', 'profile', 'peer', 'plugin']

const areaOf = (path: string): string => path.split('/')[1] ?? ''
const belowSrc = (path: string): string => path.slice('src/'.length)
const isOurs = (name: string): boolean => /^(src|plugins|test|examples|benchmarks)\//.test(name)

const isAllowed = (from: string, name: string): boolean => {
  const area = areaOf(from)
  if (assemblers.includes(area)) return !name.startsWith('src/cli/')
  if (areaOf(name) === area && name.startsWith('src/')) return true
  return name.startsWith('src/') && (arrows[area] ?? []).some(allowed => belowSrc(name) === allowed || belowSrc(name).startsWith(`${allowed}/`))
}

describe('the house', () => {
  it('has only the folders that the design names', () => {
    const areas = new Set(files('src/**/*.ts').map(areaOf))
    expect([...areas].filter(area => !(area in arrows) && !assemblers.includes(area))).toEqual([])
  })

  it('is imported in one direction only', () => {
    const wrong = files('src/**/*.ts').flatMap(path => imports(path).filter(name => isOurs(name) && !isAllowed(path, name)).map(name => `${path} -> ${name}`))
    expect(wrong).toEqual([])
  })

  it('keeps plugins to the face that is published for them', () => {
    const wrong = files('plugins/**/*.ts').flatMap(path => imports(path)
      .filter(name => isOurs(name) && !name.startsWith(path.split('/').slice(0, 2).join('/')) || (/^shoal(\/|$)/.test(name) && name !== 'shoal/plugin'))
      .map(name => `${path} -> ${name}`))
    expect(wrong).toEqual([])
  })

  it('keeps examples, benchmarks and templates to published names', () => {
    const wrong = files('examples/**/*.ts', 'benchmarks/**/*.ts', 'templates/**/*.ts').flatMap(path => imports(path).filter(name => /^(src|plugins|test)\//.test(name)).map(name => `${path} -> ${name}`))
    expect(wrong).toEqual([])
  })

  it('imports nothing of Node where a browser must run it', () => {
    const wrong = files(...runsInBrowser.map(area => `src/${area}/**/*.ts`)).flatMap(path => imports(path).filter(name => name.startsWith('node:')).map(name => `${path} -> ${name}`))
    expect(wrong).toEqual([])
  })
})
