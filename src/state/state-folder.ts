/**
 * Small files in a folder that one server owns. Where there is none to be had, because another server
 * has it or nothing can be written, there is one warning, and nothing is remembered.
 *
 * A file is whole or not there: it is written beside its place, brought to the disk, and moved.
 */
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Log } from '../log.ts'
import { lockFile } from './lock.ts'
import { makeFolder } from './make-folder.ts'

export interface StateFolderOptions {
  /** Undefined where nothing is to be remembered. */
  readonly path: string | undefined
  readonly log: Log
}

export class StateFolder {
  readonly #path: string | undefined
  readonly #log: Log
  readonly #unlock: () => void
  /** The last write: two of one file would be in each other's way. */
  #writing: Promise<unknown> = Promise.resolve()
  #warned = false

  private constructor(path: string | undefined, log: Log, unlock: () => void) {
    this.#path = path
    this.#log = log
    this.#unlock = unlock
  }

  /** Never fails. */
  static async open({ path, log }: StateFolderOptions): Promise<StateFolder> {
    const nothing = (why: string) => {
      log.warn('nothing is remembered', { folder: path, why })
      return new StateFolder(undefined, log, () => {})
    }
    if (path === undefined) return new StateFolder(undefined, log, () => {})
    try {
      await makeFolder(path)
      const unlock = lockFile(join(path, 'lock'))
      if (unlock === undefined) return nothing('another server has this folder')
      return new StateFolder(path, log, unlock)
    } catch (thrown) {
      return nothing(reasonOf(thrown))
    }
  }

  /** Whether what is written will be there the next time. */
  get remembers(): boolean {
    return this.#path !== undefined
  }

  /** Undefined where there is none, or it cannot be read. */
  async read(name: string): Promise<string | undefined> {
    if (this.#path === undefined) return undefined
    try {
      return await readFile(join(this.#path, name), 'utf8')
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#warn('read', join(this.#path, name), thrown)
      return undefined
    }
  }

  /** Never fails; false where it could not be written. */
  write(name: string, text: string): Promise<boolean> {
    if (this.#path === undefined) return Promise.resolve(false)
    const place = join(this.#path, name)
    const written = this.#writing.then(() => this.#replace(place, text))
    this.#writing = written
    return written
  }

  /** Removes all files of an inner folder but so many, those that were written last. */
  async keepNewest(folder: string, count: number): Promise<void> {
    if (this.#path === undefined) return
    const inner = join(this.#path, folder)
    try {
      const names = await readdir(inner)
      if (names.length <= count) return
      const files = await Promise.all(
        names.map(async (name) => ({ name, at: (await stat(join(inner, name))).mtimeMs })),
      )
      const old = files.sort((a, b) => b.at - a.at).slice(count)
      await Promise.all(old.map(({ name }) => rm(join(inner, name), { force: true })))
    } catch {
      // there is none, or it is in order the next time
    }
  }

  /** Lets another server have it, once what is being written is. */
  async close(): Promise<void> {
    await this.#writing
    this.#unlock()
  }

  async #replace(place: string, text: string): Promise<boolean> {
    const beside = `${place}.new`
    try {
      await makeFolder(dirname(place))
      const file = await open(beside, 'w', 0o600)
      try {
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(beside, place)
      return true
    } catch (thrown) {
      await rm(beside, { force: true }).catch(() => {})
      this.#warn('written', place, thrown)
      return false
    }
  }

  #warn(what: string, file: string, thrown: unknown): void {
    if (this.#warned) return
    this.#warned = true
    this.#log.warn(`state cannot be ${what}`, { file, why: reasonOf(thrown) })
  }
}

const reasonOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown)
