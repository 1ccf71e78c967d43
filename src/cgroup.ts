/**
 * What a container may use of its machine: the cgroup's quota of CPU time and its limit of memory.
 * Limits of every group above count as well, so the least is taken. Version 2 and version 1 of
 * cgroups are read, also side by side.
 * Source: Linux, Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst, scheduler/sched-bwc.rst.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** The text of a file of the kernel; throws where there is none. */
export type ReadKernelFile = (path: string) => string

/**
 * The cores this process may use, in fractions where a quota says so, never more than `cores`: the
 * ones it may run on.
 */
export function cpuQuota(
  readFile: ReadKernelFile = readKernelFile,
  cores: number = availableParallelism(),
): number {
  const read = reader(readFile)
  const quotas = [
    ...read.v2('cpu.max').map((text) => {
      const [quota, period] = text.split(/\s+/)
      return Number(quota) / Number(period) // "max" is no number
    }),
    ...read.v1('cpu', (file) => {
      const quota = Number(file('cpu.cfs_quota_us'))
      return quota > 0 ? quota / Number(file('cpu.cfs_period_us')) : Number.NaN // -1: no limit
    }),
  ]
  return Math.min(cores, ...quotas.filter((quota) => quota > 0 && Number.isFinite(quota)))
}

/** The bytes this process and its group may use, or undefined where nothing limits them. */
export function memoryLimit(readFile: ReadKernelFile = readKernelFile): number | undefined {
  const read = reader(readFile)
  const limits = [
    ...read.v2('memory.max').map(Number),
    ...read.v1('memory', (file) => Number(file('memory.limit_in_bytes'))),
  ].filter((limit) => limit > 0 && limit < unlimited)
  return limits.length === 0 ? undefined : Math.min(...limits)
}

export interface Throttling {
  /** How often the group's time was up before its period was, and of how many periods. */
  readonly throttledPeriods: number
  readonly periods: number
  readonly throttledSeconds: number
}

/** Since the group was made; undefined where nothing limits its time. */
export function cpuThrottling(readFile: ReadKernelFile = readKernelFile): Throttling | undefined {
  const read = reader(readFile)
  const [told] = [
    ...read.v2('cpu.stat').map((text) => throttlingOf(text, 'throttled_usec', 1e6)),
    ...read.v1('cpu', (file) => throttlingOf(file('cpu.stat'), 'throttled_time', 1e9)),
  ].filter((one) => one !== undefined && one.periods > 0)
  return told
}

/**
 * The bytes this process and its group use, without what the kernel would give back at once: what
 * Kubernetes calls the working set. Undefined without a group.
 */
export function memoryWorkingSet(readFile: ReadKernelFile = readKernelFile): number | undefined {
  const read = reader(readFile)
  const inactive = [
    ...read.v2('memory.stat').map((text) => fieldOf(text, 'inactive_file')),
    ...read.v1('memory', (file) => fieldOf(file('memory.stat'), 'total_inactive_file')),
  ]
  const [used] = [
    ...read.v2('memory.current').map(Number),
    ...read.v1('memory', (file) => Number(file('memory.usage_in_bytes'))),
  ]
  return used === undefined ? undefined : Math.max(0, used - (inactive[0] ?? 0))
}

function throttlingOf(text: string, field: string, perSecond: number): Throttling | undefined {
  const periods = fieldOf(text, 'nr_periods')
  const throttledPeriods = fieldOf(text, 'nr_throttled')
  const throttled = fieldOf(text, field)
  if (periods === undefined || throttledPeriods === undefined || throttled === undefined) {
    return undefined
  }
  return { periods, throttledPeriods, throttledSeconds: throttled / perSecond }
}

/** `name value`, a line each. */
function fieldOf(text: string, name: string): number | undefined {
  const value = new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]
  return value === undefined ? undefined : Number(value)
}

/** Reads a file in the process's group and in every group above it, where it is there. */
function reader(readFile: ReadKernelFile) {
  const groups = attempt(() => readFile('/proc/self/cgroup').trim().split('\n')) ?? []
  const parsed = groups.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    return controllers === undefined || path === undefined ? [] : [{ controllers, path }]
  })
  return {
    v2(name: string): readonly string[] {
      const path = parsed.find(({ controllers }) => controllers === '')?.path ?? '/'
      return ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].flatMap((mount) =>
        foldersUp(path).flatMap(
          (folder) => attempt(() => readFile(`${mount}${folder}/${name}`).trim()) ?? [],
        ),
      )
    },
    v1<T>(controller: string, measure: (file: (name: string) => string) => T): readonly T[] {
      const group = parsed.find(({ controllers }) => controllers.split(',').includes(controller))
      if (group === undefined) return []
      // systems mount cpu and cpuacct together, with or without a link named after each
      return [...new Set([controller, group.controllers])].flatMap((mount) =>
        foldersUp(group.path).flatMap(
          (folder) =>
            attempt(() =>
              measure((name) => readFile(`/sys/fs/cgroup/${mount}${folder}/${name}`).trim()),
            ) ?? [],
        ),
      )
    },
  }
}

/** `/a/b`, `/a` and the root, which is '': in a container the path may be the host's. */
function foldersUp(path: string): readonly string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '..')
  return names.map((_, at) => `/${names.slice(0, names.length - at).join('/')}`).concat('')
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

const readKernelFile: ReadKernelFile = (path) => readFileSync(path, 'utf8')

// version 1 says "no limit" as the largest multiple of a page below 2^63
const unlimited = 2 ** 62
