/**
 * `sluice.lock`: the digests that the files of a model must have, one a line as `sha256sum` writes
 * them.
 */
import { fail } from '../../errors.ts'
import { shownPath, wrongPath } from './relative-path.ts'

export const LOCK = 'sluice.lock'

/** SHA-256 in hex, in small letters, by the path from the model's folder. */
export type Lock = ReadonlyMap<string, string>

/** Fails with MODEL_UNREADABLE for the first line that is not one of `sha256sum`. */
export function parseLock(text: string): Lock {
  const lock = new Map<string, string>()
  for (const [at, line] of text.split('\n').entries()) {
    const content = line.endsWith('\r') ? line.slice(0, -1) : line
    if (content === '') continue
    const [digest, path] = entryOf(content, at + 1)
    if (lock.has(path)) throw wrongLine(at + 1, `${shownPath(path)} is listed twice`)
    lock.set(path, digest)
  }
  return lock
}

function entryOf(line: string, number: number): readonly [digest: string, path: string] {
  const [, digest, written] = LINE.exec(line) ?? []
  if (digest === undefined || written === undefined) {
    const shown = JSON.stringify(line.slice(0, 100))
    throw wrongLine(number, `expected 64 hex digits, two spaces and a path, got ${shown}`)
  }
  // as in `find . -type f`
  const path = written.replace(/^(\.\/)+/, '')
  const wrong = wrongPath(path)
  if (wrong !== undefined) throw wrongLine(number, `${shownPath(written)} is no path: ${wrong}`)
  return [digest.toLowerCase(), path]
}

const wrongLine = (number: number, problem: string) =>
  fail('MODEL_UNREADABLE', {
    problem: `${LOCK}:${number}: ${problem}`,
    hint: `write it in the model's folder by: find . -type f ! -name ${LOCK} -exec sha256sum {} + > ${LOCK}`,
  })

/** Two spaces, or a space and a star for files that were read as binary. */
const LINE = /^([0-9a-fA-F]{64}) [ *](.+)$/s
