/** Holds the files of a model against its `sluice.lock`, as far as that goes without opening them. */
import { fail, type ServingError } from '../../errors.ts'
import { LOCK, type Lock } from './lock-file.ts'
import { shownPath } from './relative-path.ts'

export interface LockCheck {
  /** What is wrong outside of its versions. */
  readonly problem?: ServingError
  /** What is wrong with a version, by the path of its folder. */
  readonly ofVersions: ReadonlyMap<string, ServingError>
}

/**
 * Every file must be listed and every listed file be there; hidden files do not count. `paths` are
 * those of all files, from the model's folder; `versionFolders` are such as `3/`.
 */
export function checkLock(
  lock: Lock,
  paths: readonly string[],
  versionFolders: readonly string[],
): LockCheck {
  const there = new Set(paths)
  const missing = [...lock.keys()].filter((path) => !isHidden(path) && !there.has(path))
  const unlisted = paths.filter((path) => path !== LOCK && !lock.has(path))
  const ofVersions = new Map<string, ServingError>()
  let problem: ServingError | undefined
  for (const [path, error] of [
    ...unlisted.map((path) => [path, notListed(path)] as const),
    ...missing.map((path) => [path, notThere(path)] as const),
  ]) {
    const version = versionFolders.find((folder) => path.startsWith(folder))
    if (version === undefined) problem ??= error
    else if (!ofVersions.has(version)) ofVersions.set(version, error)
  }
  return { ofVersions, ...(problem !== undefined && { problem }) }
}

/** Fails with DIGEST_MISMATCH or MODEL_UNREADABLE for a file that was read. */
export function requireDigest(lock: Lock, path: string, sha256: string): void {
  const expected = requireListed(lock, path)
  if (expected !== sha256) throw fail('DIGEST_MISMATCH', { file: path, expected, got: sha256 })
}

/** The digest that a file must have. Fails with MODEL_UNREADABLE where the lock has none. */
export function requireListed(lock: Lock, path: string): string {
  const digest = lock.get(path)
  if (digest === undefined) throw notListed(path)
  return digest
}

const notListed = (path: string) =>
  fail('MODEL_UNREADABLE', {
    problem: `${shownPath(path)} is not listed in ${LOCK}`,
    hint: `take it away, or write ${LOCK} anew if it belongs there`,
  })

const notThere = (path: string) =>
  fail('MODEL_UNREADABLE', {
    problem: `${shownPath(path)} is listed in ${LOCK} and is not there`,
    hint: `copy it again, or write ${LOCK} anew if it is to be gone`,
  })

const isHidden = (path: string): boolean => path.split('/').some((name) => name.startsWith('.'))
