/** What the files of a version look like from outside, and what follows from that. Nothing is read. */
import { hash } from 'node:crypto'

/** Times are milliseconds since 1970, with their fractions. */
export interface Stamp {
  /** From the model's folder, with `/`. */
  readonly path: string
  readonly size: number
  /** The last write. */
  readonly mtimeMs: number
  /** The last change of any kind: also of its name, its times or who may read it. */
  readonly ctimeMs: number
  readonly ino: number
}

export interface Stamps {
  readonly files: readonly Stamp[]
  /** Folders below the version's own. */
  readonly folders: readonly Stamp[]
  /** The version's own folder; left out where the version is a single file. */
  readonly home?: Stamp
}

/** `configured` stands for everything else that makes the version what it is. */
export function fingerprintOf({ files }: Pick<Stamps, 'files'>, configured: string): string {
  const lines = files.map((stamp) => {
    const { path, size, mtimeMs, ctimeMs, ino } = stamp
    return `${size} ${mtimeMs} ${ctimeMs} ${ino} ${path}`
  })
  return hash('sha256', [configured, ...lines].join('\0')).slice(0, 32)
}

/** The last change of any of its files and folders. */
export function changedAt({ files, folders, home }: Stamps): number {
  const all = [...files, ...folders, ...(home === undefined ? [] : [home])]
  return all.reduce((latest, { ctimeMs }) => Math.max(latest, ctimeMs), 0)
}

/**
 * Whether nobody is writing any more, as far as one look can tell.
 *
 * A write sets both times of a file to the same moment, and so does the coming or going of an entry
 * for a folder. A last change after the last write is a rename, or times that were set as `cp -p`,
 * `rsync -t` and `tar` do once all is there. A folder with such a mark is whole if nothing inside
 * has changed since: it was moved here with everything. One file with such a mark is whole by
 * itself; of several, others may still be to come.
 *
 * What was simply written here has no such marks: that it is whole is seen by looking twice.
 */
export function isSealed({ files, folders, home }: Stamps): boolean {
  if (files.length === 0) return false
  const inside = [...files, ...folders]
  if (home !== undefined && isMarked(home)) {
    return inside.every(({ ctimeMs }) => ctimeMs <= home.ctimeMs)
  }
  return inside.length === 1 && inside.every(isMarked)
}

const isMarked = ({ mtimeMs, ctimeMs }: Stamp): boolean => ctimeMs > mtimeMs
