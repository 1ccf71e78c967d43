/** Processor time as Linux counts it in /proc. */
import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSecond = 100 // USER_HZ, the same on every Linux for x64 and arm64

/** User and system time of a process and all its living descendants so far. */
export function cpuSeconds(pid: number): number {
  const stats = treeOf(pid, readStats())
  return stats.reduce((sum, stat) => sum + stat.cpuTicks, 0) / ticksPerSecond
}

/** How many processes a tree has. */
export const processCount = (pid: number): number => treeOf(pid, readStats()).length

/** The processes of a tree, the root first. */
export const descendants = (pid: number): readonly number[] =>
  treeOf(pid, readStats()).map((stat) => stat.pid)

/** Memory of a process and all its descendants in bytes, what they share counted once. */
export const memoryBytes = (pid: number): number =>
  descendants(pid).reduce((sum, one) => sum + proportionalBytes(one), 0)

export interface Stat {
  readonly pid: number
  readonly parent: number
  readonly cpuTicks: number
}

/** Reads a line of /proc/PID/stat; the command in it may hold blanks and brackets. */
export function parseStat(line: string): Stat {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return {
    pid: Number.parseInt(line, 10),
    parent: Number(fields[1]),
    cpuTicks: Number(fields[11]) + Number(fields[12]),
  }
}

export function treeOf(pid: number, stats: readonly Stat[]): readonly Stat[] {
  const children = stats.filter((stat) => stat.parent === pid)
  return [
    ...stats.filter((stat) => stat.pid === pid),
    ...children.flatMap((child) => treeOf(child.pid, stats)),
  ]
}

/** /proc/stat as it is now. */
export const readStat = (): string => readFileSync('/proc/stat', 'utf8')

/** Between two of them: stolen time over all time. */
export function stealShare(before: string, after: string): number {
  const [a, b] = [before, after].map((text) =>
    (text.match(/^cpu +(.*)$/m)?.[1] ?? '').split(' ').slice(0, 8).map(Number),
  ) as [number[], number[]]
  const passed = b.map((ticks, i) => ticks - a[i]!)
  const all = passed.reduce((sum, ticks) => sum + ticks, 0)
  return all > 0 ? passed[7]! / all : 0
}

function proportionalBytes(pid: number): number {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    return Number(/^Pss: +(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024
  } catch {
    return 0 // it has ended since
  }
}

function readStats(): readonly Stat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [parseStat(readFileSync(`/proc/${name}/stat`, 'utf8'))]
      } catch {
        return [] // it has ended since the folder was listed
      }
    })
}
