/** What was sent in place of models on disk: each holds until its model is loaded again or unloaded. */
import { fail } from '../errors.ts'
import type { FoundModel } from '../model-spec.ts'

export interface Override {
  readonly config: string | undefined
  readonly files: ReadonlyMap<string, Uint8Array> | undefined
}

interface Held {
  readonly model: FoundModel
  readonly remove: () => Promise<void>
}

export class Overrides {
  readonly #held = new Map<string, Held>()

  /** The model as it is meant now. `onDisk` is what its own files say, where there are any. */
  async put(
    _name: string,
    _onDisk: FoundModel | undefined,
    _override: Override,
  ): Promise<FoundModel> {
    throw fail('NOT_BUILT', { what: 'loading with other files' })
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
    await Promise.all([...this.#held.keys()].map((name) => this.drop(name)))
  }
}
