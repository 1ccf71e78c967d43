/** Cores, memory and open files: what a container may use, not what the machine has. */
import type { Check } from './check.ts'

/** `usable` cores of `present`: a quota counts in fractions. */
export function checkCores(usable: number, present: number): Check {
  const limited = usable < present ? ` of ${present}: the rest is not for this process` : ''
  const fact = `${round(usable)} ${usable === 1 ? 'core' : 'cores'}${limited}`
  if (usable >= 1) return { name: 'cores', status: 'ok', fact }
  return {
    name: 'cores',
    status: 'warn',
    fact,
    mend: 'give it one whole core or more: with less, every run is paused in between',
  }
}

export function checkMemory(limit: number | undefined, total: number): Check {
  const usable = Math.min(limit ?? total, total)
  const source = limit !== undefined && limit < total ? 'limit of the cgroup' : 'no limit'
  const fact = `${mebibytes(usable)} MiB (${source})`
  if (usable >= 512 * 2 ** 20) return { name: 'memory', status: 'ok', fact }
  return {
    name: 'memory',
    status: 'warn',
    fact,
    mend: 'give it 512 MiB and the size of the models, or the kernel may end it',
  }
}

/** Reads the text of /proc/self/limits; undefined where a system has none. */
export function checkOpenFiles(limits: string | undefined): Check {
  const [, soft] = /^Max open files\s+(\S+)/m.exec(limits ?? '') ?? []
  if (soft === undefined) {
    return { name: 'open files', status: 'ok', fact: 'this system does not tell its limit' }
  }
  const limit = soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
  if (limit >= 4096) return { name: 'open files', status: 'ok', fact: `${soft} at most` }
  return {
    name: 'open files',
    status: 'warn',
    fact: `${soft} at most, and every connection takes one`,
    mend: 'raise it: ulimit -n 65536, or LimitNOFILE=65536 in a unit of systemd',
  }
}

const round = (cores: number): string => String(Math.round(cores * 100) / 100)

const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20)
