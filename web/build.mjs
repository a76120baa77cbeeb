// Builds dist/: scripts and styles under names that hold their hash, each with a .gz beside it for web
// servers that send it as it is. `--watch` builds again whenever a file changes.
import { build, context } from 'esbuild'
import { cp, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const root = fileURLToPath(new URL('.', import.meta.url))
const out = join(root, 'dist')
// A server may be reading dist/: it is replaced as a whole, when all is there.
const fresh = join(root, 'dist.new')
const stale = join(root, 'dist.old')
const watch = process.argv.includes('--watch')

const options = {
  absWorkingDir: root,
  entryPoints: { app: 'src/main.tsx' },
  outdir: fresh,
  entryNames: 'assets/[name]-[hash]',
  chunkNames: 'assets/[name]-[hash]',
  assetNames: 'assets/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: ['chrome111', 'firefox114', 'safari16.4'],
  jsx: 'automatic',
  loader: { '.woff2': 'file' },
  define: { 'process.env.NODE_ENV': JSON.stringify(watch ? 'development' : 'production') },
  minify: !watch,
  sourcemap: watch,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  plugins: [{ name: 'finish', setup: (run) => run.onEnd(finish) }],
}

async function finish({ errors, metafile }) {
  if (errors.length) return
  const names = Object.entries(metafile.outputs).map(([path, output]) =>
    ({ name: path.replace(/^dist\.new\//, ''), output }))
  const app = names.find(({ output }) => output.entryPoint === 'src/main.tsx')
  const imports = app.output.imports.filter(({ kind }) => kind === 'import-statement')
    .map(({ path }) => path.replace(/^dist\.new\//, ''))
  const font = names.find(({ name }) => /inter-latin-wght-normal.*\.woff2$/.test(name))
  const page = await readFile(join(root, 'src/index.html'), 'utf8')
  await writeFile(join(fresh, 'index.html'), page
    .replaceAll('@script@', app.name)
    .replaceAll('@preload@', imports.map((name) => `<link rel="modulepreload" href="${name}">`).join('\n'))
    .replaceAll('@style@', app.output.cssBundle.replace(/^dist\.new\//, ''))
    .replaceAll('@font@', font.name))
  await cp(join(root, 'public'), fresh, { recursive: true })
  await compress()
  await rename(out, stale).catch(() => {}) // the first time there is none
  await rename(fresh, out)
  await rm(stale, { recursive: true, force: true })
  if (watch) await mkdir(fresh)
}

// Prints the size of each file as it is sent, and of all scripts together.
async function compress() {
  let scripts = 0
  for (const name of (await readdir(fresh, { recursive: true })).sort()) {
    if (!/\.(html|js|css|svg|txt)$/.test(name)) continue
    const packed = await promisify(gzip)(await readFile(join(fresh, name)), { level: 9 })
    await writeFile(join(fresh, name + '.gz'), packed)
    if (name.endsWith('.js')) scripts += packed.length
    console.log(`${(packed.length / 1000).toFixed(1).padStart(7)} kB  ${name}`)
  }
  console.log(`${(scripts / 1000).toFixed(1).padStart(7)} kB  all scripts, gzipped`)
}

for (const left of [fresh, stale]) await rm(left, { recursive: true, force: true })
if (watch) await (await context(options)).watch()
else await build(options)
