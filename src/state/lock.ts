/**
 * A file that one process holds, until it lets go or ends, however it ends: the system forgets the
 * lock with the last descriptor of the file. `flock(2)`; Node has no such call of its own.
 */
import { closeSync, openSync } from 'node:fs'
import koffi from 'koffi'

/** The function returned lets go; undefined where another holds it. Fails where it cannot be opened. */
export function lockFile(path: string): (() => void) | undefined {
  const descriptor = openSync(path, 'a', 0o600)
  if (flock()(descriptor, EXCLUSIVE | AT_ONCE) !== 0) {
    closeSync(descriptor)
    return undefined
  }
  let held = true
  return () => {
    // the number may be another file's by the second time
    if (held) closeSync(descriptor)
    held = false
  }
}

type Flock = (descriptor: number, operation: number) => number

const flock = (): Flock => koffi.load(null).func('flock', 'int', ['int', 'int']) as Flock

// the same on Linux, macOS and the BSDs
const EXCLUSIVE = 2
const AT_ONCE = 4
