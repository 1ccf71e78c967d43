/** A repository on disk in Triton's layout, whose versions are put in place whole, by a rename. */
import { linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export class RepositoryFolder {
  readonly #home = mkdtempSync(join(tmpdir(), 'sluice-benchmark-'))
  readonly root = join(this.#home, 'repository')
  #staged = 0

  constructor() {
    mkdirSync(this.root)
    process.once('exit', this.#remove)
  }

  /** A file beside the repository, to be published later. Returns its path. */
  keep(name: string, bytes: Uint8Array): string {
    const path = join(this.#home, name)
    writeFileSync(path, bytes)
    return path
  }

  /** `MODEL/VERSION/model.onnx`, before the server is there. */
  write(model: string, version: number, bytes: Uint8Array): void {
    const folder = join(this.root, model, `${version}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'model.onnx'), bytes)
  }

  /**
   * Lays a kept file out beside the models; the function returned puts it in place. It is linked,
   * not copied: the disk and the processor time of a copy belong to whoever publishes.
   */
  stage(model: string, version: number, kept: string): () => void {
    const staged = join(this.root, `.staged-${this.#staged++}`)
    mkdirSync(staged)
    linkSync(kept, join(staged, 'model.onnx'))
    mkdirSync(join(this.root, model), { recursive: true })
    return () => renameSync(staged, join(this.root, model, `${version}`))
  }

  remove(model: string, version: number): void {
    rmSync(join(this.root, model, `${version}`), { recursive: true })
  }

  close(): void {
    process.off('exit', this.#remove)
    this.#remove()
  }

  readonly #remove = () => rmSync(this.#home, { recursive: true, force: true })
}
