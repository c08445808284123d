/** The core is synchronous and has no clock, no chance and no world of its own. Comments and texts do not count. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const folder = new URL('../../src/core/', import.meta.url)
const forbidden = [
  /\basync\b/, /\bawait\b/, /\bPromise\b/, /\bsetTimeout\b/, /\bsetInterval\b/, /\bsetImmediate\b/, /\bqueueMicrotask\b/, /\bprocess\b/, /\bDate\b/, /\bperformance\b/,
  /\bMath\.random\b/, /\bcrypto\b/, /\bglobalThis\b/, /['"]node:/, /\bimport\s*\(/, /\brequire\s*\(/
]

/** Without comments, and without texts but those of imports. */
const code = (text: string): string => text
  .replace(/\/\*[\s\S]*?\*\//g, '')
  .replace(/(^|[^:])\/\/.*$/gm, '$1')
  .replace(/`[^`]*`/g, '``')
  .replace(/'(?!node:)[^'\n]*'/g, '\'\'')

const findings = (text: string): string[] => forbidden.filter(word => word.test(code(text))).map(String)

describe('the core', () => {
  const files = readdirSync(folder).filter(name => name.endsWith('.ts'))

  test('is here', () => { expect(files).toContain('session.ts') })

  test.each(files)('%s is pure', name => { expect(findings(readFileSync(new URL(name, folder), 'utf8'))).toEqual([]) })

  test('would be found out', () => {
    expect(findings('const f = async () => { await g() }')).toHaveLength(2)
    expect(findings('const now = Date.now() + Math.random()')).toHaveLength(2)
    expect(findings('import { open } from \'node:fs\'')).toHaveLength(1)
    expect(findings('// await the async Date\nconst text = \'await\' /* setTimeout */')).toEqual([])
  })
})
