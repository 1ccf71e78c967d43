/** Where a run took place: figures without that mean nothing. */
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { cpuQuota, memoryLimit } from '../cgroup.ts'
import { packageVersion } from '../version.ts'

export interface Environment {
  /** Wall time, ISO 8601. */
  readonly date: string
  readonly sluice: string
  readonly node: string
  readonly system: string
  readonly processor: string
  /** What this process may use. */
  readonly cores: number
  readonly memoryBytes: number
  /** Of the last minute, before the run. */
  readonly loadAverage: number
}

export function environmentNow(now: Date): Environment {
  return {
    date: now.toISOString(),
    sluice: packageVersion(),
    node: process.version,
    system: `${type()} ${release()} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: Math.min(availableParallelism(), cpuQuota()),
    memoryBytes: memoryLimit() ?? totalmem(),
    loadAverage: loadavg()[0]!,
  }
}
