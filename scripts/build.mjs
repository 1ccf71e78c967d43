/** Compiles src to dist, and copies what the compiler does not: generated code, pages, assets. */
import { spawnSync } from 'node:child_process'
import { cpSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
const tsc = spawnSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
  { cwd: root, stdio: 'inherit' },
)
if (tsc.status !== 0) process.exit(tsc.status ?? 1)
cpSync(join(root, 'src'), dist, { recursive: true, filter: isAsset })

function isAsset(path) {
  if (statSync(path).isDirectory()) return basename(path) !== 'testdata'
  return path.endsWith('.d.ts') || !path.endsWith('.ts')
}
