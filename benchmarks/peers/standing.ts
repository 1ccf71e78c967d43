/** How all that took part stand beside each other: medians over the rounds that were kept. Pure. */
import { cpuUs, rate, type Sample } from '../question.ts'
import type { Round } from '../rounds.ts'
import { median } from '../statistics.ts'
import { markdown } from '../table.ts'
import type { Setting } from './settings.ts'

export interface Stand {
  readonly yardstick: Setting['yardstick']
  readonly rounds: readonly Round[]
  /** Who has no row. */
  readonly leftOut: Readonly<Record<string, string>>
  /** From the start until the first answer, by name. */
  readonly startMs: Readonly<Record<string, number>>
  readonly memoryBytes: Readonly<Record<string, number>>
}

/** The fastest first; bare and echo stand above all. Empty where no round was kept. */
export function standing({ yardstick, rounds, leftOut, ...more }: Stand): string {
  const kept = rounds.filter((round) => round.discarded === null)
  const names = Object.keys(kept[0]?.samples ?? {}).filter((name) => !(name in leftOut))
  if (names.length === 0) return ''
  const over = (value: (sample: Sample) => number, name: string, base: string) =>
    median(kept.map(({ samples }) => value(samples[name]!) / value(samples[base]!)))
  const of = (value: (sample: Sample) => number, name: string) =>
    median(kept.map(({ samples }) => value(samples[name]!)))
  const rank = (name: string) =>
    name === 'bare' ? Number.POSITIVE_INFINITY : name === 'echo' ? 1e12 : of(rate, name)
  return markdown(
    [
      ...['server', 'requests/s', `rate / ${yardstick}`, 'CPU us/request', `CPU / ${yardstick}`],
      ...['p50 ms', 'p99 ms', 'start s', 'MB'],
    ],
    names
      .toSorted((a, b) => rank(b) - rank(a))
      .map((name) => [
        name,
        of(rate, name).toFixed(0),
        over(rate, name, yardstick).toFixed(3),
        of(cpuUs, name).toFixed(0),
        over(cpuUs, name, yardstick).toFixed(2),
        of((sample) => sample.p50Ms, name).toFixed(2),
        kept.every(({ samples }) => samples[name]!.p99Ms !== undefined)
          ? of((sample) => sample.p99Ms!, name).toFixed(2)
          : '-',
        shown(more.startMs[name], 1e3, 1),
        shown(more.memoryBytes[name], 1e6, 0),
      ]),
  )
}

const shown = (value: number | undefined, unit: number, digits: number) =>
  value === undefined ? '-' : (value / unit).toFixed(digits)
