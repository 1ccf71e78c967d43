/** The files with which the states of sequences begin. */
import type { ModelSpec } from '../../model-spec.ts'
import { readOwnFile } from '../files/own-file.ts'

/**
 * By their names; they lie in the folder `initial_state` beside the versions, as Triton has it.
 * Fails with MODEL_UNSUPPORTED for one that cannot be read.
 */
export async function readInitialStates({
  folder,
  config,
}: Pick<ModelSpec, 'folder' | 'config'>): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  for (const { initial } of config.sequences?.state ?? []) {
    const { file } = initial
    if (file === undefined) continue
    files.set(file, await readOwnFile(folder, `initial_state/${file}`, 'MODEL_UNSUPPORTED'))
  }
  return files
}
