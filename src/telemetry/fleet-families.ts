/** The metrics of executors: how many there are, what they are asked for, and what they have learned. */
import type { Clock } from '../clock.ts'
import type { Fleet, LoadedExecutors } from '../executor-figures.ts'
import { executorsNeeded, loadFactor } from '../load-factor.ts'
import type { Family, Sample } from './family.ts'
import { modelLabels } from './per-version.ts'
import { RateMeter } from './rate-meter.ts'

export interface FleetFamiliesOptions {
  /** Undefined until there is one. */
  readonly fleet: () => Fleet | undefined
  /** The share of its time that the event loop is busy. */
  readonly loopUsed: () => number
  readonly clock: Clock
}

export function fleetFamilies({ fleet, loopUsed, clock }: FleetFamiliesOptions): readonly Family[] {
  const meters = new WeakMap<LoadedExecutors, RateMeter>()
  const loaded = () => fleet()?.loaded() ?? []
  const demandOf = (one: LoadedExecutors) => {
    const { arrivedRows, best } = one.figures()
    const meter = meters.get(one) ?? new RateMeter()
    meters.set(one, meter)
    const rowsPerSecond = meter.look(clock.now(), arrivedRows)
    return { rowsPerSecond, best, executors: one.executors, sloMs: one.sloMs }
  }
  return [
    gauge('sluice_threads', 'Runs that compute at once, for all models together.', [], () => {
      const threads = fleet()?.threads
      return threads === undefined ? [] : [{ labels: {}, value: threads }]
    }),
    gauge('sluice_slots', 'Runs of the version that may compute at once.', modelLabels, () =>
      loaded().map((one) => ({ labels: labelsOf(one), value: one.executors })),
    ),
    gauge(
      'sluice_load_factor',
      'What the model is asked for, over what its executors can do in time: 1 is all of it.',
      ['model'],
      () => {
        const machine = { threads: fleet()?.threads ?? 0, loopUsed: loopUsed() }
        return [...Map.groupBy(loaded(), ({ model }) => model)].map(([model, versions]) => ({
          labels: { model },
          value: loadFactor(versions.map(demandOf), machine),
        }))
      },
    ),
    gauge(
      'sluice_server_load_factor',
      'What all models are asked for, over what all threads and the event loop can do.',
      [],
      () => {
        const threads = fleet()?.threads
        if (threads === undefined) return []
        const needed = loaded().reduce((sum, one) => sum + executorsNeeded(demandOf(one)), 0)
        return [{ labels: {}, value: Math.max(loopUsed(), needed / threads) }]
      },
    ),
    gauge(
      'sluice_batch_limit',
      'The most rows that are worth while in one run, as learned, for each shape of requests.',
      [...modelLabels, 'shape'],
      () =>
        loaded().flatMap((one) =>
          shapesOf(one).map(({ shape, rows }) => ({
            labels: { ...labelsOf(one), shape: shape === '' ? 'any' : shape },
            value: rows,
          })),
        ),
    ),
    gauge(
      'sluice_slots_wanted',
      'Runs of the version that should compute at once, where that is decided by what comes.',
      modelLabels,
      () =>
        (fleet()?.explain() ?? []).map((one) => ({
          labels: labelsOf(one),
          value: one.decision?.executors ?? one.executors,
        })),
    ),
  ]
}

/** Clients choose the shapes of requests: they must not make the page grow without end. */
const shapesOf = (one: LoadedExecutors) => one.figures().limits.slice(0, mostShapes)
const mostShapes = 8

const labelsOf = ({ model, version }: { readonly model: string; readonly version: string }) => ({
  model,
  version,
})

function gauge(
  name: string,
  help: string,
  labels: readonly string[],
  samples: () => readonly Sample[],
): Family {
  return { name, type: 'gauge', help, labels, samples }
}
