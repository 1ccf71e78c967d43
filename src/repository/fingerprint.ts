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
 * A write sets both times of a file to the same moment, so one that is being written, or was
 * written and left, has a last change equal to its last write. A later change is a rename, or times
 * that were set as `cp -p`, `rsync -t` and `tar` do when a file is complete. A folder's last write is
 * the coming or going of an entry. Tools set its times after those of all that is in it, and a rename
 * moves it with everything; so what is inside must not have changed after the folder did, or
 * somebody went on writing.
 *
 * A folder of files that were simply written, then renamed, has no such marks on its files: that is
 * seen by looking twice.
 */
export function isSealed({ files, folders, home }: Stamps): boolean {
  const inside = [...files, ...folders]
  if (inside.length === 0) return false
  const all = home === undefined ? inside : [...inside, home]
  if (!all.every(({ mtimeMs, ctimeMs }) => ctimeMs > mtimeMs)) return false
  return home === undefined || inside.every(({ ctimeMs }) => ctimeMs <= home.ctimeMs)
}
