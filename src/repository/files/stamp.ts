/** Takes the stamps of files and folders: size, times and identity, through links. */
import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fail } from '../../errors.ts'
import { type Entry, entriesOf, refuseKind } from './entries.ts'
import type { Stamp, Stamps } from './fingerprint.ts'

/** Of a model that is a single file. */
export async function stampFile(path: string): Promise<Stamps> {
  return { files: [stampOf(basename(path), await stat(path))], folders: [] }
}

export interface StampFolderOptions {
  /** A real path that no link may leave. */
  readonly bounds: string
  /** What comes before the names of its files: the way from the model's folder, with `/` at its end. */
  readonly prefix: string
  /** What lies in it, where that is known already. */
  readonly entries?: readonly Entry[]
  /** Whether to leave a folder out. */
  readonly skip?: (path: string) => boolean
}

/** Fails with MODEL_UNREADABLE for what is no file and for too many files, or as the system does. */
export async function stampFolder(folder: string, options: StampFolderOptions): Promise<Stamps> {
  const { bounds, prefix, skip = () => false } = options
  const files: Stamp[] = []
  const folders: Stamp[] = []
  const seen = new Set<string>()
  const walk = async (place: string, before: string, known?: readonly Entry[]) => {
    const found = await stat(place)
    // a link to a folder above leads round in a circle
    const identity = `${found.dev}:${found.ino}`
    if (seen.has(identity)) return undefined
    seen.add(identity)
    for (const { name, kind } of known ?? (await entriesOf(place, bounds))) {
      const path = `${before}${name}`
      const refused = refuseKind(kind, path)
      if (refused !== undefined) throw refused
      if (files.length + folders.length >= MOST_FILES) {
        const where = basename(folder)
        throw fail('MODEL_UNREADABLE', { problem: `${where} holds more than ${MOST_FILES} files` })
      }
      if (kind === 'file') files.push(stampOf(path, await stat(join(place, name))))
      else if (!skip(path)) {
        const inner = await walk(join(place, name), `${path}/`)
        if (inner !== undefined) folders.push({ ...inner, path })
      }
    }
    return stampOf(before, found)
  }
  const home = await walk(folder, prefix, options.entries)
  return { files, folders, home: home! }
}

interface FileTimes {
  readonly size: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly ino: number
}

const stampOf = (path: string, { size, mtimeMs, ctimeMs, ino }: FileTimes): Stamp => ({
  path,
  size,
  mtimeMs,
  ctimeMs,
  ino,
})

const MOST_FILES = 10_000
