// After vite: compresses every file once, at the highest level, and holds the first load to its budget.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

const DIST = new URL('../dist/', import.meta.url).pathname
const BUDGET = 120 * 1024
const COMPRESSIBLE = /\.(html|js|mjs|css|svg|json|txt)$/

const sizes = new Map()
for (const name of readdirSync(DIST, { recursive: true, withFileTypes: true })) {
  if (!name.isFile() || name.name.endsWith('.br')) continue
  const path = join(name.parentPath, name.name)
  const plain = readFileSync(path)
  if (!COMPRESSIBLE.test(path)) {
    sizes.set(path.slice(DIST.length), plain.length)
    continue
  }
  const small = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } })
  writeFileSync(`${path}.br`, small)
  sizes.set(path.slice(DIST.length), small.length)
}

// What a browser fetches before a member can type the first prompt: the document, the entry with what it imports, the shell's
// lazily loaded first view, the styles of all of these and the fonts that they name.
const manifest = JSON.parse(readFileSync(join(DIST, 'manifest.json'), 'utf8'))
const first = new Set(['index.html', 'theme.js', 'icon.svg'])
const visit = (key) => {
  const chunk = manifest[key]
  if (!chunk || first.has(chunk.file)) return
  first.add(chunk.file)
  for (const file of [...(chunk.css ?? []), ...(chunk.assets ?? [])]) first.add(file)
  for (const imported of chunk.imports ?? []) visit(imported)
}
visit('index.html')
visit('src/views/home/Home.svelte')
let total = 0
for (const file of [...first].sort()) {
  const size = sizes.get(file) ?? 0
  total += size
  console.log(`${String(size).padStart(8)}  ${file}`)
}
const budget = `${(total / 1024).toFixed(1)} KB of ${BUDGET / 1024} KB`
console.log(`first load, compressed: ${budget}`)
if (total > BUDGET) {
  console.error(`the first load is too large: ${budget}`)
  process.exit(1)
}
