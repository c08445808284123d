/**
 * Shoal's own name, for plugins that lie where no package "shoal" is found: `import … from 'shoal/plugin'` there is the Shoal that runs. So a plugin is one file
 * anywhere, and there is no second copy of the contract. Owns where the package lies; a plugin that brings a package "shoal" of its own keeps it.
 */
import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ShoalError } from './contract/index.ts'

/** Whether this is a checkout's src/, not dist/. */
export const isSource: boolean = import.meta.url.endsWith('.ts')

/** The package's own folder, from dist/ as from src/. */
export const packageFolder = (): string => {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder)
    if (above === folder) throw new ShoalError('BUG', 'The package of Shoal has no package.json above it. Install it again.')
    folder = above
  }
  return folder
}

/** In a checkout's sources the names are files; a build has them in its package.json. */
const sourceOf = (name: string, folder: string): string => {
  const [, kind = '', plugin = ''] = /^shoal(?:\/(plugins\/)?(.+))?$/.exec(name) ?? []
  const file = kind !== '' ? `plugins/${plugin}/index.ts` : plugin === '' ? 'src/index.ts' : plugin === 'plugin' ? 'src/plugin.ts' : `src/${plugin}/index.ts`
  return pathToFileURL(join(folder, file)).href
}

let answering = false

/** From now on, for the whole process. */
export const answerToOwnName = (): void => {
  if (answering) return
  answering = true
  const folder = packageFolder()
  const [own, ours] = [pathToFileURL(join(folder, 'package.json')).href, `${pathToFileURL(folder).href}/`]
  registerHooks({
    resolve (name, context, next) {
      if (name !== 'shoal' && !name.startsWith('shoal/')) return next(name, context)
      if (isSource && context.parentURL?.startsWith(ours) === true) return { url: sourceOf(name, folder), shortCircuit: true }
      try { return next(name, context) } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error
        return isSource ? { url: sourceOf(name, folder), shortCircuit: true } : next(name, { ...context, parentURL: own })
      }
    }
  })
}
