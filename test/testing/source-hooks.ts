/** For child processes of tests: `node --import THIS script.ts` runs on the source, with nothing built. */
import { registerHooks } from 'node:module'

const root = new URL('../../', import.meta.url)

const sourceOf = (specifier: string): string | undefined => {
  const plugin = /^shoal\/plugins\/([^/]+)$/.exec(specifier)?.[1]
  if (plugin !== undefined) return `plugins/${plugin}/index.ts`
  const faces: Readonly<Record<string, string>> = {
    shoal: 'src/index.ts', 'shoal/plugin': 'src/plugin.ts', 'shoal/testing': 'src/testing/index.ts', 'shoal/sim': 'src/sim/index.ts', 'shoal/wire': 'src/wire/index.ts'
  }
  return faces[specifier]
}

registerHooks({
  resolve (specifier, context, nextResolve) {
    const source = sourceOf(specifier)
    return nextResolve(source === undefined ? specifier : new URL(source, root).href, context)
  }
})
