/** What is made of the samples of one round of a contest. Pure. */
import { cpuUs, type Metric, rate, type Samples, sampleOf } from '../question.ts'
import type { Setting } from './settings.ts'

/** `peers`: those that took part to the end. Others can be held against nothing. */
export function metricsOf(setting: Setting, peers: readonly string[]): readonly Metric[] {
  const { yardstick, bars } = setting
  const own = (samples: Samples) => sampleOf(samples, 'sluice')
  const other = (name: string) => (samples: Samples) => sampleOf(samples, name)
  const held = new Set(['triton', 'fastapi'])
  return [
    {
      ...{ name: `CPU per request / ${yardstick}`, unit: '', better: 'less' },
      ...bar(bars.cpu),
      value: (samples) => cpuUs(own(samples)) / cpuUs(other(yardstick)(samples)),
    },
    {
      ...{ name: `rate / ${yardstick}`, unit: '', better: 'more' },
      ...bar(bars.rate),
      value: (samples) => rate(own(samples)) / rate(other(yardstick)(samples)),
    },
    ...peers
      .filter((name) => held.has(name))
      .flatMap((name): Metric[] => [
        {
          ...{ name: `rate / ${name}`, unit: '', better: 'more' },
          ...bar(bars.rateOver?.[name]),
          value: (samples) => rate(own(samples)) / rate(other(name)(samples)),
        },
        {
          ...{ name: `p99 / ${name}`, unit: '', better: 'less' },
          ...bar(bars.p99Over?.[name]),
          value: (samples) => own(samples).p99Ms! / other(name)(samples).p99Ms!,
        },
      ]),
    ...(peers.length === 0 ? [] : [overFastest(setting, peers)]),
    {
      ...{ name: 'p50', unit: 'ms', better: 'less' },
      value: (samples) => own(samples).p50Ms,
    },
    {
      ...{ name: `p50 - ${yardstick}`, unit: 'ms', better: 'less' },
      value: (samples) => own(samples).p50Ms - other(yardstick)(samples).p50Ms,
    },
  ]
}

function overFastest({ bars }: Setting, peers: readonly string[]): Metric {
  return {
    ...{ name: 'rate / fastest peer', unit: '', better: 'more' },
    ...bar(bars.overFastest),
    value: (samples) =>
      rate(sampleOf(samples, 'sluice')) /
      Math.max(...peers.map((name) => rate(sampleOf(samples, name)))),
  }
}

const bar = (value: number | undefined) => (value === undefined ? {} : { bar: value })
