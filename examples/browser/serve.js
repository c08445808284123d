// Serves the page: bundles it once with esbuild from the built package, then answers on localhost, which browsers trust without a certificate.
// Run: node examples/browser/serve.js [PORT]
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const types = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.js': 'text/javascript' }

/** Path -> bytes. Chunks keep what is loaded on demand apart; `tsconfigRaw` lets "shoal/…" mean the package, not the sources of a checkout. */
const bundle = async () => {
  const { outputFiles } = await build({
    entryPoints: [here('page.ts')], bundle: true, splitting: true, minify: true, platform: 'browser', format: 'esm', target: 'es2024', outdir: '/', write: false, logLevel: 'error', tsconfigRaw: {}
  })
  return new Map(outputFiles.map(({ path, contents }) => [path, contents]))
}

const pages = await bundle()
pages.set('/', await readFile(here('index.html')))
pages.set('/style.css', await readFile(here('style.css')))

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  const page = pages.get(pathname)
  response.writeHead(page === undefined ? 404 : 200, { 'content-type': types[extname(pathname)] ?? types['.html'], 'cache-control': 'no-store' })
  response.end(page ?? 'There is no such page.')
})
server.on('error', ({ code, message }) => {
  process.stderr.write(code === 'EADDRINUSE' ? `Another program listens on port ${process.argv[2] ?? 8080}. Give another: node examples/browser/serve.js PORT\n` : `${message}\n`)
  process.exitCode = 1
})
server.listen(Number(process.argv[2] ?? 8080), '127.0.0.1', () => { process.stdout.write(`http://localhost:${server.address().port}\n`) })
