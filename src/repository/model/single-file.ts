/** A model that is one file, served under its stem. */
import { hash } from 'node:crypto'
import { basename, dirname, extname } from 'node:path'
import { defaultModelConfig } from '../../config/index.ts'
import { ServingError } from '../../errors.ts'
import type { ModelSpec } from '../../model-spec.ts'
import { type EntryKind, refuseKind } from '../files/entries.ts'
import { changedAt, fingerprintOf, isSealed } from '../files/fingerprint.ts'
import { errorOf, type FolderTexts } from '../files/folder-texts.ts'
import { refuseFormat } from '../files/formats.ts'
import { requireListed } from '../files/lock-check.ts'
import { LOCK, type Lock, parseLock } from '../files/lock-file.ts'
import { stampFile } from '../files/stamp.ts'
import type { ReadModel } from './model-folder.ts'

export interface SingleFile {
  readonly path: string
  readonly kind: EntryKind
  /** The path that was given. */
  readonly root: string
  /** That of its folder, or why it cannot be read. */
  readonly lock: Lock | ServingError | undefined
}

/** What is wrong with it is told with it. Other files beside it are not looked at. */
export async function readSingleFile(file: SingleFile): Promise<ReadModel> {
  const { path, root } = file
  const name = basename(path, extname(path))
  const about = { name, root, layout: 'file', folders: [] } as const
  try {
    return { ...about, spec: await specOf(name, file) }
  } catch (thrown) {
    return { ...about, spec: errorOf(thrown, basename(path)) }
  }
}

/** The lock that lies in a folder of models: it is for the files beside it. */
export async function lockOf(texts: FolderTexts): Promise<Lock | undefined> {
  const text = await texts.readIfThere(LOCK)
  return text === undefined ? undefined : parseLock(text)
}

async function specOf(name: string, { path, kind, lock }: SingleFile): Promise<ModelSpec> {
  const file = basename(path)
  const refused = refuseFormat(file) ?? refuseKind(kind, file)
  if (refused !== undefined) throw refused
  if (lock instanceof ServingError) throw lock
  const digest = lock === undefined ? undefined : requireListed(lock, file)
  const stamps = await stampFile(path)
  return {
    name,
    folder: dirname(path),
    config: defaultModelConfig,
    versions: [
      {
        version: '1',
        path,
        fingerprint: fingerprintOf(stamps, hash('sha256', digest ?? '')),
        sealed: isSealed(stamps),
        changedAt: changedAt(stamps),
      },
    ],
    ...(lock !== undefined && { lock }),
    warnings: [],
  }
}
