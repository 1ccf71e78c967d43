/** A repository on disk whose versions are put in place whole, by a rename, or badly. */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

export class Published {
  readonly root: string
  #staged = 0

  constructor() {
    this.root = mkdtempSync(join(tmpdir(), 'sluice-e2e-repository-'))
    after(() => rmSync(this.root, { recursive: true, force: true }))
  }

  /** `model/1`, with the files given. */
  version(model: string, version: number, files: Readonly<Record<string, Uint8Array | string>>) {
    this.stage(model, version, files)()
  }

  /**
   * The same in two steps: the function returned puts it in place. A rename is seen as one by its
   * time, which has to differ from that of the last write; since the clock of files ticks only every
   * few milliseconds, the time of the last write is set to be earlier.
   */
  stage(model: string, version: number, files: Readonly<Record<string, Uint8Array | string>>) {
    // a folder that begins with a dot is nobody's model
    const staged = join(this.root, `.staged-${this.#staged++}`)
    mkdirSync(staged)
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(staged, name), bytes)
    const earlier = Date.now() / 1000 - 1
    utimesSync(staged, earlier, earlier)
    mkdirSync(join(this.root, model), { recursive: true })
    return () => renameSync(staged, join(this.root, model, `${version}`))
  }

  /** A file of the model's folder, put in place by a rename as well. */
  file(model: string, name: string, bytes: Uint8Array | string) {
    const staged = join(this.root, `.staged-${this.#staged++}`)
    writeFileSync(staged, bytes)
    mkdirSync(join(this.root, model), { recursive: true })
    renameSync(staged, join(this.root, model, name))
  }

  /** Files written where they lie, by their paths from the root; one that ends in `/` is a folder. */
  write(files: Readonly<Record<string, Uint8Array | string>>) {
    for (const [path, bytes] of Object.entries(files)) {
      const place = join(this.root, path)
      mkdirSync(path.endsWith('/') ? place : dirname(place), { recursive: true })
      if (!path.endsWith('/')) writeFileSync(place, bytes)
    }
  }

  /** A file that grows where it lies: pieces, and a pause after each of them. */
  async slowly(path: string, bytes: Uint8Array, pieces: number, pauseMs: number): Promise<void> {
    this.write({ [path]: '' })
    const size = Math.ceil(bytes.byteLength / pieces)
    for (let at = 0; at < bytes.byteLength; at += size) {
      appendFileSync(join(this.root, path), bytes.subarray(at, at + size))
      await pause(pauseMs)
    }
  }

  /** A link, in the place of another if there is one, by a rename. */
  link(path: string, target: string) {
    const staged = join(this.root, `.staged-${this.#staged++}`)
    symlinkSync(target, staged)
    mkdirSync(dirname(join(this.root, path)), { recursive: true })
    renameSync(staged, join(this.root, path))
  }

  remove(...path: readonly (string | number)[]) {
    rmSync(join(this.root, ...path.map(String)), { recursive: true, force: true })
  }
}
