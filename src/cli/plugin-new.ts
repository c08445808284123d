/**
 * `shoal plugin new KIND NAME [FOLDER]`: a folder with a plugin that works, its test, and what it takes to build it. Owns what is around the code; the code itself is in
 * templates/plugin/, one folder per kind, type-checked like any other. Never writes over anything.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { exitStatus, kinds, ShoalError } from '../contract/index.ts'
import type { Kind } from '../contract/index.ts'
import { listPlugins } from '../loader.ts'
import { makeFolder } from '../make-folder.ts'
import { packageFolder } from '../own-name.ts'
import { usage } from './exit.ts'
import type { Arguments } from './grammar.ts'
import { write } from './io.ts'
import type { Io } from './io.ts'
import { didYouMean } from './suggest.ts'
import { quoteWord } from './words.ts'

/** What stands in the templates for the plugin's name. */
const standIn = /my-name/g
/** Packages that a template imports, beside Shoal. */
const packages: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  transport: ['@chainsafe/libp2p-noise', '@chainsafe/libp2p-yamux', '@libp2p/tcp', '@multiformats/multiaddr-matcher']
}
const tools: readonly string[] = ['@types/node', 'typescript']

interface Own { readonly version: string, readonly engines: { readonly node: string }, readonly dependencies: Readonly<Record<string, string>>, readonly devDependencies: Readonly<Record<string, string>> }

const pick = (versions: Readonly<Record<string, string>>, names: readonly string[]): Readonly<Record<string, string>> => Object.fromEntries(names.map(name => [name, versions[name] ?? '*']))

const readKind = (text: string): Kind => {
  const kind = kinds.find(each => each === text)
  if (kind === undefined) throw usage(`There is no kind of plugin "${text}".${didYouMean(text, kinds)} Kinds are ${kinds.join(', ')}. Type: shoal plugin new KIND NAME`)
  return kind
}

const readName = (kind: Kind, name: string): string => {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 40) {
    throw usage(`A plugin cannot be called "${name}". Use 1–40 small letters and digits, with - between: my-${kind}. Type: shoal plugin new ${kind} NAME`)
  }
  if (listPlugins(kind).includes(name)) throw usage(`Shoal has a ${kind} "${name}" of its own. Choose another name.`)
  return name
}

/** @throws ShoalError FILE_EXISTS, STORAGE_FAILED */
const emptyFolder = async (folder: string): Promise<void> => {
  try {
    await makeFolder(folder)
    if ((await readdir(folder)).length === 0) return
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code !== 'EEXIST' && code !== 'ENOTDIR') throw new ShoalError('STORAGE_FAILED', `Cannot make the folder ${folder}: ${cause instanceof Error ? cause.message : String(cause)}. Choose another FOLDER.`, { cause })
  }
  throw new ShoalError('FILE_EXISTS', `${folder} exists, and nothing is written over. Choose another FOLDER, or empty it.`)
}

const packageJson = (kind: Kind, name: string, own: Own, home: string): unknown => ({
  name: `shoal-${kind}-${name}`,
  version: '0.1.0',
  description: `A ${kind} for Shoal.`,
  type: 'module',
  engines: own.engines,
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
  files: ['dist'],
  scripts: { build: 'tsc -p tsconfig.build.json', test: 'tsc && node --test index.test.ts' },
  ...packages[kind] === undefined ? {} : { dependencies: pick(own.dependencies, packages[kind]) },
  // whoever runs it has a Shoal already, and it is that one
  peerDependencies: { shoal: `^${own.version}` },
  peerDependenciesMeta: { shoal: { optional: true } },
  devDependencies: { ...pick(own.devDependencies, tools), shoal: `file:${home}` }
})

const tsconfig = {
  compilerOptions: {
    target: 'es2024', module: 'nodenext', strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true, erasableSyntaxOnly: true,
    rewriteRelativeImportExtensions: true, skipLibCheck: true, types: ['node'], noEmit: true
  },
  include: ['*.ts']
}
const tsconfigBuild = { extends: './tsconfig.json', compilerOptions: { noEmit: false, declaration: true, rootDir: '.', outDir: 'dist' }, include: ['*.ts'], exclude: ['*.test.ts'] }

const option = (kind: Kind): string => kind === 'tracker' ? '' : `--${kind}`

const useOf = (kind: Kind, name: string): string => kind === 'tracker'
  ? `A tracker is chosen in code: \`createShoal({ tracker: plugin({ … }) })\`, with \`import plugin from 'shoal-${kind}-${name}'\`.`
  : ['```sh', `shoal peer ${option(kind)} ./index.ts                 # this folder, as it is`,
      `shoal peer ${option(kind)} shoal-${kind}-${name}    # the package, where it is installed`, '```', '',
      `In the configuration file: \`{ "${kind}": "shoal-${kind}-${name}", "plugins": { "${kind}-${name}": { … } } }\`; the command line has options as \`./index.ts?key=value\`.`].join('\n')

const readme = (kind: Kind, name: string, own: Own): string => `# shoal-${kind}-${name}

A ${kind} for Shoal: \`index.ts\`. What it must do is said by the interface that your editor shows for \`definePlugin('${kind}', …)\`, and held by the suite of its kind,
which \`index.test.ts\` runs.

\`\`\`sh
npm install
npm test          # type check, and the suite; needs Node ${own.engines.node.replace('>=', '')} or later
npm run build     # dist/, for npm pack and npm publish
\`\`\`

${useOf(kind, name)}

\`shoal plugins\` shows whether it loads, and if not, why. It is made for Shoal ${own.version}.
`

const create = async (args: Arguments, io: Io): Promise<number> => {
  const kind = readKind(args.text('KIND'))
  const name = readName(kind, args.text('NAME'))
  const folder = resolve(args.maybe('FOLDER') ?? `shoal-${kind}-${name}`)
  const home = packageFolder()
  const own = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as Own
  const template = join(home, 'templates', 'plugin', kind)
  const code = await Promise.all((await readdir(template)).map(async file => [file, (await readFile(join(template, file), 'utf8')).replace(standIn, name)] as const))
  const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`
  const files = [
    ...code,
    ['package.json', json(packageJson(kind, name, own, home))],
    ['tsconfig.json', json(tsconfig)],
    ['tsconfig.build.json', json(tsconfigBuild)],
    ['README.md', readme(kind, name, own)],
    ['.gitignore', 'node_modules/\ndist/\n']
  ] as const
  await emptyFolder(folder)
  for (const [file, text] of files) await writeFile(join(folder, file), text, { flag: 'wx' })
  await write(io.stdout, `${folder}\nNext: cd ${quoteWord(folder)} && npm install && npm test # with Node 24 or later\n${kind === 'tracker' ? '' : `Then: shoal peer ${option(kind)} ${quoteWord(join(folder, 'index.ts'))}\n`}`)
  return exitStatus.done
}

export const runPlugin = async (args: Arguments, io: Io): Promise<number> => {
  const action = args.text('new')
  if (action !== 'new') throw usage(`shoal plugin knows "new", not "${action}". Type: shoal plugin new KIND NAME; shoal plugins lists what there is.`)
  return create(args, io)
}
