/** The source tree as the tests of the house see it: files, lines, imports. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export const files = (...patterns: string[]): string[] =>
  globSync(patterns, { cwd: root }).filter(path => !path.includes('node_modules')).sort()

export const text = (path: string): string => readFileSync(join(root, path), 'utf8')

/** What a file imports, statically or not: paths of ours from the root of the tree, names of packages as they are. */
export const imports = (path: string): string[] =>
  [...text(path).matchAll(/(?:^|\n|\s)(?:import|export)\s[^'"`]*?from\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|^import\s+['"]([^'"]+)['"]/gm)]
    .map(found => found[1] ?? found[2] ?? found[3] ?? '')
    .map(name => name.startsWith('.') ? relative(root, resolve(root, dirname(path), name)) : name)
