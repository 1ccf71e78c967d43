/** The memory of a process that lies in RAM. */
import { readFileSync } from 'node:fs'

/** In bytes, as Linux counts it. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kilobytes === undefined) throw new Error(`process ${pid} has no resident memory`)
  return Number(kilobytes) * 1024
}
