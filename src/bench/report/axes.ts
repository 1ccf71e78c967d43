/** Axes with round numbers on them. */
import { short } from './numbers.ts'
import type { Axis } from './svg.ts'

/** From 0 to a round number no less than `most`. */
export function linearAxis(label: string, most: number): Axis {
  const step = niceStep((most > 0 ? most : 1) / 4)
  const end = Math.ceil((most > 0 ? most : 1) / step - 1e-9) * step
  const count = Math.round(end / step)
  const ticks = Array.from({ length: count + 1 }, (_, at) => at * step)
  return {
    label,
    place: (value) => value / end,
    ticks: ticks.map((at) => ({ at, text: short(Number(at.toPrecision(6))) })),
  }
}

/** Exactly from 0 to `most`, with ticks at round numbers. */
export function spanAxis(label: string, most: number): Axis {
  const end = most > 0 ? most : 1
  const { ticks } = linearAxis(label, end)
  return {
    label,
    place: (value) => value / end,
    ticks: ticks.filter(({ at }) => at <= end * 1.001),
  }
}

/** Of powers of ten, and of twos and fives where there are few; both ends positive. */
export function logAxis(label: string, least: number, most: number): Axis {
  const from = Math.log10(least)
  const to = Math.max(Math.log10(most), from + 0.1)
  const decades = to - from
  const steps = decades > 4 ? [1] : decades > 2 ? [1, 3] : [1, 2, 5]
  const ticks: number[] = []
  for (let power = Math.floor(from); power <= Math.ceil(to); power++) {
    ticks.push(...steps.map((step) => step * 10 ** power))
  }
  const place = (value: number) => (Math.log10(Math.max(value, least)) - from) / (to - from)
  return {
    label,
    place,
    ticks: ticks
      .filter((at) => place(at) <= 1.001 && at >= least * 0.999)
      .map((at) => ({ at, text: short(Number(at.toPrecision(3))) })),
  }
}

/** For latencies: powers where they are far apart, so that small ones can be seen too. */
export function latencyAxis(label: string, values: readonly (number | null)[]): Axis {
  const known = values.filter((value): value is number => value !== null && value > 0)
  const [least, most] = [Math.min(...known), Math.max(...known)]
  if (known.length === 0) return linearAxis(label, 1)
  return most / least > 12 ? logAxis(label, least * 0.9, most * 1.1) : linearAxis(label, most)
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough))
  const factor = [1, 2, 2.5, 5, 10].find((one) => one * power >= rough * 0.999) ?? 10
  return factor * power
}
