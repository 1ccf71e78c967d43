/** The metrics of loading models, and of what is loaded. */
import type { ModelState } from '../models.ts'
import { type Family, histogramSamples, type Labels, type Sample } from './family.ts'
import { eachVersion, modelLabels } from './per-version.ts'
import type { Tally } from './tally.ts'
import type { VersionTally } from './version-tally.ts'

export function loadFamilies(tally: Tally): readonly Family[] {
  return [
    {
      name: 'sluice_model_stable',
      type: 'gauge',
      help: '1 for the version that is asked when a request names none, 0 for the others.',
      labels: modelLabels,
      samples: () =>
        eachVersion(tally, (version, labels) =>
          isServing(version) ? [{ labels, value: Number(tally.isStable(version)) }] : [],
        ),
    },
    {
      name: 'sluice_model_info',
      type: 'gauge',
      help: '1 for each version in memory, with the digest of its files.',
      labels: [...modelLabels, 'digest'],
      samples: () =>
        ofLoaded(({ digest }, labels) => ({
          labels: { ...labels, digest: `sha256:${digest}` },
          value: 1,
        })),
    },
    {
      name: 'sluice_model_memory_bytes',
      type: 'gauge',
      help: 'Memory that a version takes, as far as is known.',
      labels: modelLabels,
      samples: () => ofLoaded(({ bytes }, labels) => ({ labels, value: bytes })),
    },
    {
      name: 'sluice_model_load_seconds',
      type: 'histogram',
      help: 'Time from the turn to load to the first answer, for loads that succeeded.',
      labels: ['model'],
      samples: () =>
        tally.models().flatMap(({ name, loads }) =>
          loads.count === 0
            ? [] // a model that was never loaded is told by its state
            : histogramSamples('sluice_model_load_seconds', { model: name }, loads),
        ),
    },
    {
      name: 'sluice_model_load_failures_total',
      type: 'counter',
      help: 'Loads that failed, by the reason of the error.',
      labels: [...modelLabels, 'reason'],
      samples: () =>
        eachVersion(tally, ({ load }, labels) =>
          [...load.failures].map(([reason, value]) => ({ labels: { ...labels, reason }, value })),
        ),
    },
    {
      name: 'sluice_model_evictions_total',
      type: 'counter',
      help: 'How often a model was unloaded because it was idle and another needed its memory.',
      labels: ['model'],
      samples: () =>
        tally
          .models()
          .map(({ name, evictions }) => ({ labels: { model: name }, value: evictions })),
    },
    {
      name: 'sluice_model_cold_starts_total',
      type: 'counter',
      help: 'How often a model was loaded because it was asked for and lay in its files only.',
      labels: ['model'],
      samples: () =>
        tally
          .models()
          .map(({ name, coldStarts }) => ({ labels: { model: name }, value: coldStarts })),
    },
    {
      name: 'sluice_repository_errors_total',
      type: 'counter',
      help: 'How often a repository could not be looked at.',
      labels: [],
      samples: () => [{ labels: {}, value: tally.repositoryProblems }],
    },
    {
      name: 'nv_model_load_duration_secs',
      type: 'gauge',
      help: 'Time that the last load of a version took, in seconds.',
      labels: modelLabels,
      samples: () => ofLoaded(({ seconds }, labels) => ({ labels, value: seconds })),
    },
  ]

  function ofLoaded(
    sample: (last: NonNullable<VersionTally['load']['last']>, labels: Labels) => Sample,
  ): Sample[] {
    return eachVersion(tally, (version, labels) => {
      const { last } = version.load
      return last !== undefined && isServing(version) ? [sample(last, labels)] : []
    })
  }
}

const SERVING: readonly (ModelState | undefined)[] = ['ready', 'draining']

const isServing = ({ state }: VersionTally): boolean => SERVING.includes(state)
