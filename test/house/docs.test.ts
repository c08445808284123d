import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commands } from '../../src/cli/commands/index.ts'
import { exitStatus } from '../../src/contract/index.ts'
import { files, root, text } from './tree.ts'

const pages = files('*.md', 'docs/**/*.md', 'plugins/*/README.md')

describe('the documentation', () => {
  it('links to files that exist', () => {
    const broken = pages.flatMap(page => [...text(page).matchAll(/\]\(([^)#]+)(#[^)]*)?\)/g)]
      .map(found => found[1] ?? '')
      .filter(target => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(page), target)))
      .map(target => `${page} -> ${target}`))
    expect(broken).toEqual([])
  })

  it('lists every command of the shell, with its arguments', () => {
    const listed = [...text('README.md').matchAll(/^\| `([a-z]+(?:_[a-z]+)*)((?: [A-Z[\]]+)*)` \|/gm)].map(found => `${found[1] ?? ''}${found[2] ?? ''}`)
    const real = commands.map(({ name, arguments: args }) => [name, ...args.map(argument => argument.optional === true ? `[${argument.name}]` : argument.name)].join(' '))
    expect([...listed].sort()).toEqual([...real].sort())
  })

  it('lists every exit status', () => {
    const listed = [...text('README.md').matchAll(/^\| (\d+) \|/gm)].map(found => Number(found[1]))
    expect(listed).toEqual(Object.values(exitStatus))
  })
})
