/** What the peers are asked, under which load, and what is to be met. */
import { workloads } from '../workloads.ts'
import type { Asked, AskedWorkload, Wire } from './known.ts'

export interface Setting {
  readonly name: string
  readonly group: Asked
  readonly workload: AskedWorkload
  readonly wire: Wire
  readonly connections: number
  /** The server on one core, the driver on the other; else both on both. */
  readonly apart: boolean
  /** What processor time and rate are held against. */
  readonly yardstick: 'echo' | 'bare'
  readonly bars: Bars
}

export interface Bars {
  /** At most, over the yardstick. */
  readonly cpu?: number
  /** At least, over the yardstick. */
  readonly rate?: number
  /** At least, over a peer's. */
  readonly rateOver?: Readonly<Record<string, number>>
  /** At least, over that of the fastest of all peers. */
  readonly overFastest?: number
  /** At most, over a peer's. */
  readonly p99Over?: Readonly<Record<string, number>>
}

const tinyBars: Readonly<Record<number, Bars>> = {
  1: {},
  8: { cpu: 2.2, rateOver: { fastapi: 4 }, overFastest: 1 },
  32: { cpu: 1.6, rateOver: { fastapi: 6 }, overFastest: 1 },
}

const tiny = (['json', 'binary'] as const).flatMap((wire) =>
  [1, 8, 32].map(
    (connections): Setting => ({
      name: `tiny, ${wire}, ${connections} connection${connections > 1 ? 's' : ''}`,
      group: 'tiny',
      workload: workloads.tiny,
      ...{ wire, connections, apart: true, yardstick: 'echo' },
      bars: tinyBars[connections]!,
    }),
  ),
)

export const settings: readonly Setting[] = [
  ...tiny,
  {
    name: 'CNN, binary, 8 connections',
    group: 'cnn',
    workload: workloads.cnn,
    ...{ wire: 'binary', connections: 8, apart: false, yardstick: 'bare' },
    bars: { rate: 0.85, cpu: 1.12, overFastest: 1 },
  },
  {
    name: 'encoder, json, 8 connections',
    group: 'encoder64',
    workload: workloads.encoder64,
    ...{ wire: 'json', connections: 8, apart: false, yardstick: 'bare' },
    bars: { rate: 0.95, overFastest: 1, p99Over: { triton: 1, fastapi: 1 } },
  },
]
