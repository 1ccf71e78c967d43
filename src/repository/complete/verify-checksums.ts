/** Holds files against the checksums that an agent of Triton is told to look for. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fail } from '../../errors.ts'
import type { ModelSpec } from '../../model-spec.ts'

/** Those that its `config.pbtxt` tells, where there is one. Fails as `verifyChecksums` does. */
export async function verifyToldChecksums(
  { folder, triton }: Pick<ModelSpec, 'folder' | 'triton'>,
  giveUp?: AbortSignal,
): Promise<void> {
  if (triton === undefined) return
  const { checksumsOf } = await import('../../config/triton/index.ts')
  await verifyChecksums(folder, checksumsOf(triton), giveUp)
}

/**
 * `checksums` are MD5 in hex by paths from the folder. Fails with MODEL_UNREADABLE for the first
 * file that has another, or cannot be read; when `giveUp` is aborted, with its reason. Reads every
 * file to its end: what a runtime reads afterwards may be something else.
 */
export async function verifyChecksums(
  folder: string,
  checksums: ReadonlyMap<string, string>,
  giveUp?: AbortSignal,
): Promise<void> {
  for (const [path, expected] of checksums) {
    const got = await md5Of(folder, path, giveUp)
    if (got === expected) continue
    throw fail('MODEL_UNREADABLE', {
      problem: `Mismatched MD5 hash for file ${path}, expect: ${expected}, got: ${got}`,
    })
  }
}

async function md5Of(folder: string, path: string, giveUp?: AbortSignal): Promise<string> {
  const hash = createHash('md5')
  try {
    await pipeline(createReadStream(join(folder, path)), hash, {
      ...(giveUp !== undefined && { signal: giveUp }),
    })
  } catch (cause) {
    giveUp?.throwIfAborted()
    const problem = `${path} is to have a checksum, and cannot be read`
    throw fail('MODEL_UNREADABLE', { problem }, cause)
  }
  return hash.digest('hex')
}
