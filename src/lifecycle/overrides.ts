/**
 * What was sent in place of models on disk: each holds until its model is loaded again or unloaded.
 * Files lie in a private folder until then, since a model that made room for others is read again.
 */
import { fail } from '../errors.ts'
import type { FoundModel } from '../model-spec.ts'
import { withConfig, writeModel } from '../repository/index.ts'

export interface Override {
  /** A model configuration of Triton in JSON. */
  readonly config: string | undefined
  /** In place of all of the model's own, by their paths from its folder. */
  readonly files: ReadonlyMap<string, Uint8Array> | undefined
}

/** A model that was sent, and holds from the moment it is told to. */
export interface PreparedModel {
  readonly model: FoundModel
  /** Takes its files away. */
  remove(): Promise<void>
}

/** What holds changes in one turn; the promises are for files that are taken away after it. */
export class Overrides {
  readonly #held = new Map<string, PreparedModel>()
  #closed = false

  /**
   * The model as it is meant; undefined where there is none to be configured anew. `onDisk` is what
   * its own files say. Fails as `writeModel` and `withConfig` do.
   */
  async prepare(
    name: string,
    onDisk: FoundModel | undefined,
    { config, files }: Override,
  ): Promise<PreparedModel | undefined> {
    if (config === undefined) {
      throw fail('PARAMETER_INVALID', {
        parameter: 'config',
        expected: 'the configuration of the model whose files are sent',
        got: 'none',
      })
    }
    if (files !== undefined) {
      const { spec, remove } = await writeModel({ name, config, files })
      return { model: { name, root: spec.folder, spec }, remove }
    }
    if (onDisk === undefined) return undefined
    const model = { ...onDisk, spec: await withConfig(onDisk, config) }
    return { model, remove: async () => {} }
  }

  /** It holds from now on, in place of what was sent before. */
  async hold(name: string, sent: PreparedModel): Promise<void> {
    const before = this.#held.get(name)
    if (this.#closed) await sent.remove()
    else this.#held.set(name, sent)
    await before?.remove()
  }

  of(name: string): FoundModel | undefined {
    return this.#held.get(name)?.model
  }

  async drop(name: string): Promise<void> {
    const held = this.#held.get(name)
    this.#held.delete(name)
    await held?.remove()
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#held.keys()].map((name) => this.drop(name)))
  }
}
