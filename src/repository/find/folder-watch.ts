/**
 * Watches folders, each by itself: what the system tells of whole trees is made, on Linux, of one
 * watch for every file. Where it cannot be done (no watches left, a network disk) nothing is told.
 */
import { type FSWatcher, watch } from 'node:fs'
import { basename, join, sep } from 'node:path'

export interface WatchedFolder {
  readonly path: string
  /** The only file in it that matters. */
  readonly only?: string
  /** Another one when another folder lies at this path. */
  readonly identity?: string
}

interface Watched extends WatchedFolder {
  readonly watcher: FSWatcher
}

export class FolderWatch {
  readonly #onChange: () => void
  readonly #watched = new Map<string, Watched>()
  #told = false
  #closed = false

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** These folders from now on. Those that are watched already stay so; whether any was not. */
  follow(folders: readonly WatchedFolder[]): boolean {
    const wanted = new Map(folders.slice(0, MOST_FOLDERS).map((folder) => [keyOf(folder), folder]))
    for (const [key, watched] of this.#watched) {
      if (wanted.get(key)?.identity !== watched.identity || !wanted.has(key)) this.#drop(key)
    }
    let isNew = false
    for (const [key, folder] of wanted) {
      if (this.#watched.has(key)) continue
      if (!this.#begin(key, folder)) break
      if (this.#watched.has(key)) isNew = true
    }
    return isNew
  }

  /** Once for all that happens in one turn of the event loop. */
  tell(): void {
    if (this.#told) return
    this.#told = true
    setImmediate(() => {
      this.#told = false
      if (!this.#closed) this.#onChange()
    })
  }

  close(): void {
    this.#closed = true
    for (const key of this.#watched.keys()) this.#drop(key)
  }

  /** False where the system has no watches left. */
  #begin(key: string, folder: WatchedFolder): boolean {
    try {
      const watcher = watch(folder.path, { persistent: false }, (event, name) => {
        if (folder.only !== undefined && name !== null && name !== basename(folder.only)) return
        // what came or went is another folder now, although its path is the same
        if (event === 'rename' && name !== null) this.#dropBelow(join(folder.path, name))
        this.tell()
      })
      watcher.on('error', () => this.#drop(key))
      this.#watched.set(key, { ...folder, watcher })
      return true
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException
      return code !== 'ENOSPC' && code !== 'EMFILE' && code !== 'ENFILE'
    }
  }

  #dropBelow(path: string): void {
    for (const [key, watched] of this.#watched) {
      if (watched.path === path || watched.path.startsWith(path + sep)) this.#drop(key)
    }
  }

  #drop(key: string): void {
    this.#watched.get(key)?.watcher.close()
    this.#watched.delete(key)
  }
}

const keyOf = ({ path, only = '' }: WatchedFolder): string => `${path}\0${only}`

const MOST_FOLDERS = 4096
