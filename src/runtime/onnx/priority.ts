/**
 * Loading at a lower priority than serving, where the system has one for each thread. On two cores,
 * while two models of 100 MB were loaded again and again, a model of 6 ms asked every 20 ms took
 * 12.5 ms, and 35 in the slowest of a hundred cases; so, 6.2 and 17. The loads took as long.
 */
import { setPriority } from 'node:os'
import koffi from 'koffi'
import type { OnnxConfig } from './session-options.ts'

/**
 * Of the calling thread, for good: raising it again takes a privilege. Threads that it starts begin
 * with it. Does nothing where it is not allowed or not known.
 */
export function lowerPriority(platform: string = process.platform): void {
  if (platform !== 'linux') return
  try {
    const thread = koffi.load('libc.so.6').func('gettid', 'int', [])() as number
    setPriority(thread, niceness) // on Linux a process is a thread to this call
  } catch {
    // it goes on at the usual one
  }
}

const niceness = 10

/** Whether a session of it starts threads, which are to run models and would keep that priority. */
export function startsThreads({
  profile,
  intraOpThreads,
  interOpThreads,
  providers,
}: OnnxConfig): boolean {
  const ownPool =
    profile === 'latency' || intraOpThreads !== undefined || interOpThreads !== undefined
  return ownPool || providers.some(({ name }) => name.toLowerCase() !== 'cpu')
}
