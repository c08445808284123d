// npm run build: installs what is missing, then builds dist/ with its type declarations.
import { build, ensureInstalled, exitWith } from './setup.js'

await exitWith(async () => { await ensureInstalled(); await build(); return 0 })
