/**
 * Checking and opening external data. A model's file is not to be believed: what it names must lie
 * in the folder of the model, also after following links, and be long enough.
 */
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { isAbsolute, relative, resolve, sep, win32 } from 'node:path'
import { fail } from '../errors.ts'
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
    const size = Number(found.status.size)
    files.push({ location, bytes: size })
    for (const part of group) {
      const problem = checkRange(part, size)
      if (problem !== undefined) problems.push(problem)
    }
  }
  return { files, problems }
}

export interface OpenedFile {
  /** To be closed by whoever opened it. */
  readonly descriptor: number
  readonly size: number
  /** Another one when something has been written to it, or another file has taken its name. */
  readonly state: string
}

/**
 * Opens a file of external data by its place, looked at once more. Fails with MODEL_UNREADABLE
 * where that is not a file in the folder, or is being replaced.
 */
export function openExternal(folder: string, location: string): OpenedFile {
  const found = located(folder, location)
  let descriptor: number
  try {
    const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants
    descriptor = openSync(found.target, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
  } catch (cause) {
    const got = (cause as NodeJS.ErrnoException).code ?? 'an unknown error'
    const problem = `external data "${location}" cannot be read: expected a file, got ${got}`
    throw fail('MODEL_UNREADABLE', { problem }, cause)
  }
  const state = stateOf(fstatSync(descriptor, { bigint: true }))
  if (state === stateOf(found.status)) {
    return { descriptor, size: Number(found.status.size), state }
  }
  closeSync(descriptor)
  throw changed(location)
}

/** Fails with MODEL_UNREADABLE where a file is not in the state any more that it was opened in. */
export function checkState(folder: string, location: string, state: string): void {
  if (stateOf(located(folder, location).status) !== state) throw changed(location)
}

/** The size of a file of external data in bytes; 0 where there is none to be read. */
export function externalBytes(folder: string, location: string): number {
  const found = locate(folder, location)
  return typeof found === 'string' ? 0 : Number(found.status.size)
}

function located(folder: string, location: string): Located {
  const found = locate(folder, location)
  if (typeof found === 'string') throw fail('MODEL_UNREADABLE', { problem: found })
  return found
}

const stateOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join(' ')

const changed = (location: string) =>
  fail('MODEL_UNREADABLE', {
    problem: `external data "${location}" was changed while it was read`,
    hint: 'load the model again once it is copied whole',
  })

const inFolder = 'expected a file in the folder of the model'

const noFolder = (location: string) =>
  `external data "${location}" cannot be found: ${inFolder}, got a model without one; load it from a file`

interface Located {
  /** Without links. */
  readonly target: string
  readonly status: BigIntStats
}

/** The file, or what is wrong with its place. */
function locate(folder: string, location: string): Located | string {
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
    const status = statSync(target, { bigint: true })
    if (status.isFile()) return { target, status }
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
