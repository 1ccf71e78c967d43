/** Ends the process where it stands. */
import koffi from 'koffi'

/**
 * `process.exit` waits for the threads in which models run, and a run can take minutes; a signal
 * to oneself does nothing in a container, where the server is process 1. This is what is left.
 */
export function exitAtOnce(code: number): never {
  koffi.load(null).func('void _exit(int)')(code)
  throw new Error('_exit returned')
}
