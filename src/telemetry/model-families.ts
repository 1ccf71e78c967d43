/** The metrics of models, each derived from the tally when it is asked for. */
import { MODEL_STATES } from '../models.ts'
import type { Family } from './family.ts'
import { eachVersion as each, histogramsOfEach, modelLabels } from './per-version.ts'
import type { Tally } from './tally.ts'
import { tritonFamilies } from './triton-families.ts'
import { failed } from './version-statistics.ts'

export function modelFamilies(tally: Tally): readonly Family[] {
  const histogram = histogramsOfEach(tally)
  return [
    {
      name: 'predictions_total',
      type: 'counter',
      help: 'Requests answered, by status: success or error.',
      labels: [...modelLabels, 'status'],
      samples: () =>
        each(tally, (version, labels) => [
          { labels: { ...labels, status: 'success' }, value: version.success },
          { labels: { ...labels, status: 'error' }, value: failed(version) },
        ]),
    },
    histogram(
      'prediction_latency_seconds',
      'From the request checked to its answer, for requests that succeeded.',
      (version) => version.latency,
    ),
    {
      name: 'sluice_model_state',
      type: 'gauge',
      help: '1 for the state a version is in, 0 for the others.',
      labels: [...modelLabels, 'state'],
      samples: () =>
        each(tally, (version, labels) =>
          version.state === undefined
            ? []
            : MODEL_STATES.map((state) => ({
                labels: { ...labels, state },
                value: Number(state === version.state),
              })),
        ),
    },
    ...tritonFamilies(tally),
  ]
}
