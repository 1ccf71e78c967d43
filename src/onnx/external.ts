/**
 * Checking external data before the runtime opens it. A model's file is not to be believed: what it
 * names must lie in the folder of the model, also after following links, and be long enough.
 *
 * Between this check and the opening somebody who may write to the folder can change it; the
 * runtime checks the folder once more by itself.
 */
import { realpathSync, type Stats, statSync } from 'node:fs'
import { isAbsolute, relative, resolve, sep, win32 } from 'node:path'
import type { ExternalPart } from './initializers.ts'

/** A file of external data that passed. */
export interface ExternalFile {
  readonly location: string
  readonly bytes: number
}

export interface ExternalCheck {
  readonly files: readonly ExternalFile[]
  readonly problems: readonly string[]
}

/** Looks at each file once. Without a folder every part is a problem. */
export function checkExternal(
  folder: string | undefined,
  parts: readonly ExternalPart[],
): ExternalCheck {
  const byLocation = Map.groupBy(parts, ({ location }) => location)
  const files: ExternalFile[] = []
  const problems: string[] = []
  for (const [location, group] of byLocation) {
    const found = folder === undefined ? noFolder(location) : locate(folder, location)
    if (typeof found === 'string') {
      problems.push(`${found} (${ofTensors(group)})`)
      continue
    }
    files.push({ location, bytes: found.size })
    for (const part of group) {
      const problem = checkRange(part, found.size)
      if (problem !== undefined) problems.push(problem)
    }
  }
  return { files, problems }
}

const inFolder = 'expected a file in the folder of the model'

const noFolder = (location: string) =>
  `external data "${location}" cannot be found: ${inFolder}, got a model without one; load it from a file`

/** The file, or what is wrong with its place. */
function locate(folder: string, location: string): Stats | string {
  const subject = `external data "${location}"`
  const mend = 'save the model and its weights into one folder'
  if (location === '' || location.includes('\0')) {
    return `${subject} has no usable name: ${inFolder}, got ${location === '' ? 'no location' : 'a name with NUL'}; ${mend}`
  }
  if (isAbsolute(location) || win32.isAbsolute(location) || /^[a-z]:/i.test(location)) {
    return `${subject} is outside: ${inFolder}, got an absolute path; ${mend}`
  }
  if (location.split(/[\\/]/).includes('..')) {
    return `${subject} is outside: ${inFolder}, got a path with ".."; ${mend}`
  }
  try {
    const home = realpathSync(folder)
    const target = realpathSync(resolve(home, location))
    const way = relative(home, target)
    if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) {
      return `${subject} is outside: ${inFolder}, got a symbolic link out of it; copy the file instead`
    }
    const status = statSync(target)
    if (status.isFile()) return status
    return `${subject} is no file: ${inFolder}, got ${status.isDirectory() ? 'a directory' : 'a pipe, a socket or a device'}; ${mend}`
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const got = code === 'ENOENT' ? 'nothing of that name' : (code ?? 'an unknown error')
    return `${subject} is missing: ${inFolder}, got ${got}; copy it beside the model`
  }
}

function checkRange(part: ExternalPart, size: number): string | undefined {
  const { tensor, location, offset, length } = part
  const subject = `tensor "${tensor}" in external data "${location}"`
  if (Number.isNaN(offset) || Number.isNaN(length)) {
    return `${subject}: expected an offset and a length in bytes, got something else; save the model again`
  }
  const end = offset + length
  if (end <= size) return undefined
  return `${subject}: expected bytes ${offset} to ${end}, got a file of ${size}; copy it again, it may be cut off`
}

function ofTensors(parts: readonly ExternalPart[]): string {
  const [first] = parts
  const others = parts.length - 1
  return `tensor "${first?.tensor}"${others === 0 ? '' : ` and ${others} more`}`
}
