/**
 * Keeps what the texts of a model's folder amount to, from one look to the next: most looks find the
 * same texts, and working them out is most of what a look costs.
 */

import type { FolderTexts } from '../files/folder-texts.ts'
import type { Configured } from './configure.ts'

interface Kept {
  readonly digest: string
  readonly paths: readonly string[]
  readonly configured: Configured
}

export class ConfigCache {
  readonly #kept = new Map<string, Kept>()

  /** `texts` has the usual ones; those that were needed besides are read again. */
  async configured(
    folder: string,
    texts: FolderTexts,
    workOut: () => Promise<Configured>,
  ): Promise<Configured> {
    const kept = this.#kept.get(folder)
    if (kept !== undefined && (await isSame(kept, texts))) return kept.configured
    this.#kept.delete(folder)
    const configured = await workOut()
    this.#kept.set(folder, { digest: texts.digest, paths: [...texts.all.keys()], configured })
    return configured
  }

  /** Forgets all but these folders. */
  keepOnly(folders: ReadonlySet<string>): void {
    for (const folder of this.#kept.keys()) if (!folders.has(folder)) this.#kept.delete(folder)
  }
}

async function isSame({ digest, paths }: Kept, texts: FolderTexts): Promise<boolean> {
  for (const path of paths) await texts.readIfThere(path)
  return texts.digest === digest
}
