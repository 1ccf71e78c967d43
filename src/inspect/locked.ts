/** Holds the bytes of a version against the `sluice.lock` of its model. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fail } from '../errors.ts'
import type { ModelSpec } from '../model-spec.ts'
import type { ExternalFile } from '../onnx/index.ts'

/**
 * `path` is that of the model's file, beside which the external ones lie. Fails with DIGEST_MISMATCH
 * for bytes that the lock does not name, and with MODEL_UNREADABLE for a file that it does not list.
 */
export async function requireLocked(
  { folder, lock }: ModelSpec,
  path: string,
  externalFiles: readonly ExternalFile[],
): Promise<void> {
  if (lock === undefined) return
  const external = externalFiles.map(({ location }) => join(dirname(path), location))
  for (const file of [path, ...external]) {
    const name = relative(folder, file).replaceAll(sep, '/')
    const expected = lock.get(name)
    if (expected === undefined) {
      throw fail('MODEL_UNREADABLE', { problem: `"${name}" is not listed in sluice.lock` })
    }
    const got = await sha256Of(file)
    if (got !== expected) throw fail('DIGEST_MISMATCH', { file: name, expected, got })
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
