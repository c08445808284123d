import { describe, expect, it } from 'vitest'
import { errorCodes, exitStatus } from '../../src/contract/index.ts'
import type { ErrorCode } from '../../src/contract/index.ts'
import { files, text } from './tree.ts'

const codes = Object.keys(errorCodes) as ErrorCode[]
const tableFile = 'src/contract/errors.ts'

describe('the table of errors', () => {
  it('has no code that nothing throws', () => {
    const thrown = files('src/**/*.ts', 'plugins/**/*.ts').filter(path => path !== tableFile).map(text).join('\n')
    expect(codes.filter(code => !thrown.includes(`'${code}'`))).toEqual([])
  })

  it('is what docs/errors.md says', () => {
    const rows = codes.map(code => {
      const { exit, meaning, remedy } = errorCodes[code]
      return `| \`${code}\` | ${exitStatus[exit]} | ${meaning} | ${remedy} |`
    })
    const documented = text('docs/errors.md').split('\n').filter(line => line.startsWith('| `'))
    expect(documented).toEqual(rows)
  })

  it('says in every remedy what to do', () => {
    expect(codes.filter(code => !/[.)]$/.test(errorCodes[code].remedy) || errorCodes[code].remedy.length < 10)).toEqual([])
  })
})
