import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cpuQuota, cpuThrottling, memoryLimit, memoryWorkingSet } from './cgroup.ts'

/** `docker run --cpus 1.5 --memory 512m`, with a namespace of its own. */
const docker2 = {
  '/proc/self/cgroup': '0::/\n',
  '/sys/fs/cgroup/cpu.max': '150000 100000\n',
  '/sys/fs/cgroup/memory.max': '536870912\n',
}

const free2 = {
  '/proc/self/cgroup': '0::/\n',
  '/sys/fs/cgroup/cpu.max': 'max 100000\n',
  '/sys/fs/cgroup/memory.max': 'max\n',
}

/** A service of systemd inside a slice that is tighter than the service. */
const nested2 = {
  '/proc/self/cgroup': '0::/system.slice/sluice.service\n',
  '/sys/fs/cgroup/system.slice/sluice.service/cpu.max': '400000 100000\n',
  '/sys/fs/cgroup/system.slice/sluice.service/memory.max': 'max\n',
  '/sys/fs/cgroup/system.slice/cpu.max': '200000 100000\n',
  '/sys/fs/cgroup/system.slice/memory.max': '1073741824\n',
}

/** Docker on version 1: the path is the host's, the files lie at the root of the mount. */
const docker1 = {
  '/proc/self/cgroup':
    '12:memory:/docker/3f1c\n4:cpu,cpuacct:/docker/3f1c\n1:name=systemd:/docker/3f1c\n',
  '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '50000\n',
  '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
  '/sys/fs/cgroup/memory/memory.limit_in_bytes': '268435456\n',
}

const hybrid = {
  '/proc/self/cgroup': '4:memory:/jobs/96d6\n2:cpuacct:/\n1:cpu:/\n0::/\n',
  '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
  '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  '/sys/fs/cgroup/memory/jobs/96d6/memory.limit_in_bytes': '8589934592\n',
  '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
}

describe('cpuQuota', () => {
  const cases = [
    { name: 'a container of version 2', files: docker2, cores: 8, expected: 1.5 },
    { name: 'no quota in version 2', files: free2, cores: 8, expected: 8 },
    { name: 'the least of the groups above', files: nested2, cores: 16, expected: 2 },
    { name: 'a quota above the cores', files: docker2, cores: 1, expected: 1 },
    { name: 'a container of version 1', files: docker1, cores: 8, expected: 0.5 },
    { name: 'no quota in version 1', files: hybrid, cores: 4, expected: 4 },
    { name: 'no cgroups at all', files: {}, cores: 3, expected: 3 },
  ]
  for (const { name, files, cores, expected } of cases) {
    it(`reads ${name}`, () => assert.equal(cpuQuota(from(files), cores), expected))
  }
})

describe('memoryLimit', () => {
  const cases = [
    { name: 'a container of version 2', files: docker2, expected: 536_870_912 },
    { name: 'no limit in version 2', files: free2, expected: undefined },
    { name: 'the least of the groups above', files: nested2, expected: 1_073_741_824 },
    { name: 'a container of version 1', files: docker1, expected: 268_435_456 },
    { name: 'version 1 beside version 2', files: hybrid, expected: 8_589_934_592 },
    { name: 'no cgroups at all', files: {}, expected: undefined },
  ]
  for (const { name, files, expected } of cases) {
    it(`reads ${name}`, () => assert.equal(memoryLimit(from(files)), expected))
  }
})

const statOf2 = 'usage_usec 900\nnr_periods 70\nnr_throttled 6\nthrottled_usec 2500000\n'
const statOf1 = 'nr_periods 50\nnr_throttled 4\nthrottled_time 3500000000\n'

describe('cpuThrottling', () => {
  const cases = [
    {
      name: 'a container of version 2',
      files: { ...docker2, '/sys/fs/cgroup/cpu.stat': statOf2 },
      expected: { periods: 70, throttledPeriods: 6, throttledSeconds: 2.5 },
    },
    {
      name: 'a group of its own rather than one above',
      files: {
        ...nested2,
        '/sys/fs/cgroup/system.slice/sluice.service/cpu.stat': statOf2,
        '/sys/fs/cgroup/system.slice/cpu.stat': statOf2.replace('70', '80'),
      },
      expected: { periods: 70, throttledPeriods: 6, throttledSeconds: 2.5 },
    },
    {
      name: 'a container of version 1',
      files: { ...docker1, '/sys/fs/cgroup/cpu,cpuacct/cpu.stat': statOf1 },
      expected: { periods: 50, throttledPeriods: 4, throttledSeconds: 3.5 },
    },
    {
      name: 'a group without a quota',
      files: { ...free2, '/sys/fs/cgroup/cpu.stat': 'usage_usec 900\n' },
      expected: undefined,
    },
    {
      name: 'a group that was never held to its quota',
      files: { ...free2, '/sys/fs/cgroup/cpu.stat': statOf2.replace('70', '0') },
      expected: undefined,
    },
    { name: 'no cgroups at all', files: {}, expected: undefined },
  ]
  for (const { name, files, expected } of cases) {
    it(`reads ${name}`, () => assert.deepEqual(cpuThrottling(from(files)), expected))
  }
})

describe('memoryWorkingSet', () => {
  const cases = [
    {
      name: 'a container of version 2',
      files: {
        ...docker2,
        '/sys/fs/cgroup/memory.current': '5000\n',
        '/sys/fs/cgroup/memory.stat': 'anon 3000\ninactive_file 1200\nactive_file 800\n',
      },
      expected: 3800,
    },
    {
      name: 'a container of version 1',
      files: {
        ...docker1,
        '/sys/fs/cgroup/memory/memory.usage_in_bytes': '7000\n',
        '/sys/fs/cgroup/memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 2500\n',
      },
      expected: 4500,
    },
    {
      name: 'a group that does not tell what it would give back',
      files: { ...docker2, '/sys/fs/cgroup/memory.current': '6000\n' },
      expected: 6000,
    },
    { name: 'no cgroups at all', files: {}, expected: undefined },
  ]
  for (const { name, files, expected } of cases) {
    it(`reads ${name}`, () => assert.equal(memoryWorkingSet(from(files)), expected))
  }
})

function from(files: Readonly<Record<string, string>>) {
  return (path: string) => {
    const text = files[path]
    if (text === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' })
    return text
  }
}
