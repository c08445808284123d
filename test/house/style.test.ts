import { describe, expect, it } from 'vitest'
import { files, root, text } from './tree.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { version } from '../../src/version.ts'

const sources = files('src/**/*.ts', 'plugins/**/*.ts', 'examples/**/*.ts', 'benchmarks/**/*.ts', 'templates/**/index.ts')
const code = (path: string): string => text(path).split('\n').filter(line => !/^\s*(\*|\/\*\*|\/\/ [^@e])/.test(line)).join('\n')
const lines = (path: string): number => text(path).split('\n').length - 1

describe('the style', () => {
  it('has no file of more than 400 lines', () => {
    expect([...sources, ...files('test/**/*.ts')].filter(path => lines(path) > 400)).toEqual([])
  })

  it('names files by their subject', () => {
    const names = sources.map(path => path.split('/').at(-1) ?? '')
    expect(names.filter(name => /^(utils?|helpers?|common|base|managers?|handlers?)\.ts$/.test(name))).toEqual([])
    expect(names.filter(name => !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(name))).toEqual([])
  })

  it('switches off no check', () => {
    const offenders = [...sources, ...files('test/**/*.ts')].filter(path => /@ts-(ignore|expect-error|nocheck)|eslint-disable|\bas any\b|: any(?=[,;)=\]|>\n])/.test(code(path)))
    expect(offenders.filter(path => path !== 'test/house/style.test.ts')).toEqual([])
  })

  it('gives every plugin an index and a README', () => {
    const folders = new Set(files('plugins/*/*').map(path => path.split('/').slice(0, 2).join('/')))
    const complete = new Set([...folders].filter(folder => files(`${folder}/index.ts`, `${folder}/README.md`).length === 2))
    expect([...folders].filter(folder => !complete.has(folder))).toEqual([])
  })

  it('says one version', () => {
    const parsed: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(parsed).toMatchObject({ version })
  })

  it('names no registry in the lock file', () => {
    expect(text('package-lock.json')).not.toMatch(/https?:\/\/[^"]*\.tgz/)
  })
})
