/** A folder and those above it, for its owner alone. */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Fails as `mkdir` does. The recursive one of Node tries for ever where a file system lets nobody make
 * folders, such as `/proc`.
 */
export async function makeFolder(path: string): Promise<void> {
  if ((await made(path)) === undefined) return
  await makeFolder(dirname(path))
  const failure = await made(path)
  if (failure !== undefined) throw failure
}

/** Undefined where it is there now; the error where the one above it is not. */
async function made(path: string): Promise<Error | undefined> {
  try {
    await mkdir(path, { mode: 0o700 })
    return undefined
  } catch (thrown) {
    const error = thrown as NodeJS.ErrnoException
    if (error.code === 'EEXIST') return undefined
    if (error.code === 'ENOENT' && dirname(path) !== path) return error
    throw error
  }
}
