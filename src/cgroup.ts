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
    v1(controller: string, measure: (file: (name: string) => string) => number): readonly number[] {
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
