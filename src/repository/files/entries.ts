/**
 * What lies in a folder, as far as models are concerned: nothing hidden, since that is where files
 * are staged, and no link that leads out of the repository. Nothing is opened.
 */
import { readdir, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { fail, type ServingError } from '../../errors.ts'

/**
 * - special: a pipe, a socket or a device
 * - outside: a link that leads out of the bounds
 * - broken: a link to nothing, or in a circle
 */
export type EntryKind = 'file' | 'folder' | 'special' | 'outside' | 'broken'

export interface Entry {
  readonly name: string
  readonly kind: EntryKind
}

/** In the order of names. `bounds` is a real path. Fails with the system's error. */
export async function entriesOf(folder: string, bounds: string): Promise<readonly Entry[]> {
  const listed = await readdir(folder, { withFileTypes: true })
  const entries: Entry[] = []
  for (const entry of listed) {
    const { name } = entry
    if (name.startsWith('.') || name === 'lost+found') continue
    if (entry.isFile()) entries.push({ name, kind: 'file' })
    else if (entry.isDirectory()) entries.push({ name, kind: 'folder' })
    else if (!entry.isSymbolicLink()) entries.push({ name, kind: 'special' })
    else entries.push({ name, kind: await behindLinks(join(folder, name), bounds) })
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** What lies at a path, also through links; `missing` where there is nothing. */
export async function lookUp(path: string, bounds: string): Promise<EntryKind | 'missing'> {
  const kind = await behindLinks(path, bounds)
  return kind === 'broken' ? 'missing' : kind
}

/** Whether a folder lies there, also through links to anywhere. */
export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

/** Why what lies there cannot take the place of a file or a folder; undefined where it can. */
export function refuseKind(kind: EntryKind, path: string): ServingError | undefined {
  const problem = {
    file: undefined,
    folder: undefined,
    special: `${path} is a pipe, a socket or a device`,
    outside: `${path} is a link that leaves the repository`,
    broken: `${path} is a link that leads nowhere`,
  }[kind]
  return problem === undefined ? undefined : fail('MODEL_UNREADABLE', { problem })
}

async function behindLinks(path: string, bounds: string): Promise<EntryKind> {
  try {
    const target = await realpath(path)
    if (!isWithin(bounds, target)) return 'outside'
    const found = await stat(target)
    if (found.isFile()) return 'file'
    return found.isDirectory() ? 'folder' : 'special'
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR') return 'broken'
    throw thrown
  }
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}
