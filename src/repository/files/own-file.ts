/** A file of a model's own folder that its configuration names. */
import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { fail, ServingError } from '../../errors.ts'
import { lookUp } from './entries.ts'
import { shownPath, wrongPath } from './relative-path.ts'

/** Its bytes. Fails with the reason given where there is none, or it lies outside of the folder. */
export async function readOwnFile(
  folder: string,
  path: string,
  reason: 'MODEL_UNSUPPORTED' | 'WARM_UP_FAILED',
): Promise<Uint8Array> {
  const refused = (problem: string) => fail(reason, { problem })
  const wrong = wrongPath(path)
  if (wrong !== undefined) throw refused(`${shownPath(path)} cannot be read: ${wrong}`)
  try {
    const kind = await lookUp(join(folder, path), await realpath(folder))
    if (kind === 'file') return await readFile(join(folder, path))
    if (kind !== 'missing') throw refused(`${path} is no file of the model's folder`)
  } catch (thrown) {
    if (thrown instanceof ServingError) throw thrown
    throw fail(reason, { problem: `${path} cannot be read` }, thrown)
  }
  throw refused(`${path} is not there`)
}
