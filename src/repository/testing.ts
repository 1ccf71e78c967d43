/** Real folders for tests. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'

/** A text or bytes; `-> target` makes a link. A path that ends in `/` is a folder. */
export type Tree = Readonly<Record<string, string | Uint8Array>>

/** A folder with these files, gone after the test. Returns its real path. */
export function tree(t: TestContext, files: Tree = {}): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-repository-')))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  addTo(root, files)
  return root
}

/** The same in a folder that is there. */
export function addTo(root: string, files: Tree): void {
  for (const [path, content] of Object.entries(files)) {
    const place = join(root, path)
    mkdirSync(path.endsWith('/') ? place : dirname(place), { recursive: true })
    if (path.endsWith('/')) continue
    if (typeof content === 'string' && content.startsWith('-> ')) {
      symlinkSync(content.slice(3), place)
    } else writeFileSync(place, content)
  }
}
