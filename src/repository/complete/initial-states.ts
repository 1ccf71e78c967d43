/** The files with which the states of sequences begin. */
import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { fail, ServingError } from '../../errors.ts'
import type { ModelSpec } from '../../model-spec.ts'
import { lookUp } from '../files/entries.ts'
import { shownPath, wrongPath } from '../files/relative-path.ts'

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
    if (initial.file !== undefined) files.set(initial.file, await read(folder, initial.file))
  }
  return files
}

async function read(folder: string, name: string): Promise<Uint8Array> {
  const path = `initial_state/${name}`
  const wrong = wrongPath(path)
  if (wrong !== undefined) throw refused(`${shownPath(path)} cannot be read: ${wrong}`)
  try {
    const kind = await lookUp(join(folder, path), await realpath(folder))
    if (kind === 'file') return await readFile(join(folder, path))
    if (kind !== 'missing') throw refused(`${path} is no file of the model's folder`)
  } catch (thrown) {
    if (thrown instanceof ServingError) throw thrown
    throw fail('MODEL_UNSUPPORTED', { problem: `${path} cannot be read` }, thrown)
  }
  throw refused(`${path} is not there`)
}

const refused = (problem: string) => fail('MODEL_UNSUPPORTED', { problem })
