/** The metrics of the process, under the names that boards for Prometheus and Node know. */
import { cpuQuota, cpuThrottling, memoryLimit, memoryWorkingSet } from '../cgroup.ts'
import type { Family, Sample } from './family.ts'
import { openFiles, openFilesLimit, type ProcessProbe } from './process-probe.ts'

export function processFamilies(probe: ProcessProbe, sluiceVersion: string): readonly Family[] {
  const startedAt = Date.now() / 1000 - process.uptime()
  return [
    value(
      'sluice_build_info',
      'gauge',
      'Always 1: the versions are in the labels.',
      () => [{ labels: { version: sluiceVersion, node: process.version }, value: 1 }],
      ['version', 'node'],
    ),
    value(
      'sluice_event_loop_delay_seconds',
      'summary',
      'How late the event loop came round, lately, by quantile.',
      () => {
        const delays = probe.loopDelay(quantiles)
        return quantiles.map((quantile, i) => ({ labels: { quantile }, value: delays[i]! }))
      },
      ['quantile'],
    ),
    value(
      'sluice_event_loop_utilization',
      'gauge',
      'The share of its time that the event loop was busy, lately.',
      () => one(probe.loopUsed()),
    ),
    value('process_cpu_user_seconds_total', 'counter', 'Time on the processor in user code.', () =>
      one(process.cpuUsage().user / 1e6),
    ),
    value(
      'process_cpu_system_seconds_total',
      'counter',
      'Time on the processor in the kernel.',
      () => one(process.cpuUsage().system / 1e6),
    ),
    value('process_cpu_seconds_total', 'counter', 'Time on the processor.', () => {
      const { user, system } = process.cpuUsage()
      return one((user + system) / 1e6)
    }),
    value('sluice_cpu_quota_cores', 'gauge', 'Cores that the process may use.', () =>
      one(cpuQuota()),
    ),
    value(
      'sluice_cpu_throttled_seconds_total',
      'counter',
      'Time for which the control group was held back because its CPU time was used up.',
      () => one(cpuThrottling()?.throttledSeconds),
    ),
    value(
      'sluice_cpu_throttled_periods_total',
      'counter',
      'Periods in which the control group was held back.',
      () => one(cpuThrottling()?.throttledPeriods),
    ),
    value('sluice_cpu_periods_total', 'counter', 'Periods in which it ran.', () =>
      one(cpuThrottling()?.periods),
    ),
    value(
      'sluice_memory_working_set_bytes',
      'gauge',
      'Memory of the control group, without what the kernel would give back at once.',
      () => one(memoryWorkingSet()),
    ),
    value('sluice_memory_limit_bytes', 'gauge', 'Memory that the control group may use.', () =>
      one(memoryLimit()),
    ),
    value('process_resident_memory_bytes', 'gauge', 'Memory in use, native memory included.', () =>
      one(process.memoryUsage.rss()),
    ),
    value('process_open_fds', 'gauge', 'Open files and sockets.', () => one(openFiles())),
    value('process_max_fds', 'gauge', 'How many files and sockets may be open.', () =>
      one(openFilesLimit()),
    ),
    value(
      'process_start_time_seconds',
      'gauge',
      'When the process began, in seconds since 1970.',
      () => one(startedAt),
    ),
    value('process_uptime_seconds', 'gauge', 'How long the process has run.', () =>
      one(process.uptime()),
    ),
    value('nodejs_heap_size_used_bytes', 'gauge', 'Memory of JavaScript in use.', () =>
      one(process.memoryUsage().heapUsed),
    ),
    value('nodejs_heap_size_total_bytes', 'gauge', 'Memory reserved for JavaScript.', () =>
      one(process.memoryUsage().heapTotal),
    ),
    value('nodejs_external_memory_bytes', 'gauge', 'Memory of buffers outside the heap.', () =>
      one(process.memoryUsage().external),
    ),
    value(
      'nodejs_gc_duration_seconds',
      'summary',
      'Pauses for collecting garbage, by kind.',
      () =>
        Object.entries(probe.gc).flatMap(([kind, { count, seconds }]) => [
          { metricName: 'nodejs_gc_duration_seconds_sum', labels: { kind }, value: seconds },
          { metricName: 'nodejs_gc_duration_seconds_count', labels: { kind }, value: count },
        ]),
      ['kind'],
    ),
  ]
}

const quantiles = [0.5, 0.95, 0.99, 1] as const

function value(
  name: string,
  type: Family['type'],
  help: string,
  samples: () => readonly Sample[],
  labels: readonly string[] = [],
): Family {
  return { name, type, help, labels, samples }
}

const one = (sample: number | undefined): readonly Sample[] =>
  sample === undefined ? [] : [{ labels: {}, value: sample }]
