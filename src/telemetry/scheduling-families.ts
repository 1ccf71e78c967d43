/** The metrics of how requests wait and run: what autoscalers and people go by. */
import type { Clock } from '../clock.ts'
import { WHY_LEFT, WHY_SHED } from '../events.ts'
import type { Family } from './family.ts'
import { eachVersion, histogramsOfEach, modelLabels, valuesOfEach } from './per-version.ts'
import type { Tally } from './tally.ts'

export function schedulingFamilies(tally: Tally, clock: Clock): readonly Family[] {
  const one = valuesOfEach(tally)
  const histogram = histogramsOfEach(tally)
  return [
    {
      name: 'sluice_requests_total',
      type: 'counter',
      help: 'Requests answered, by the code of the error: ok where there was none.',
      labels: [...modelLabels, 'code'],
      samples: () =>
        eachVersion(tally, ({ success, failures }, labels) => [
          { labels: { ...labels, code: 'ok' }, value: success },
          ...[...failures].map(([code, value]) => ({ labels: { ...labels, code }, value })),
        ]),
    },
    one(
      'sluice_inflight',
      'gauge',
      'Requests under way now.',
      (version) => version.scheduling.inFlight,
    ),
    one(
      'sluice_inflight_seconds_total',
      'counter',
      'Time that requests were under way, of all of them: its rate is their mean number.',
      (version) => version.scheduling.inFlightMs(clock.now()) / 1000,
    ),
    one(
      'sluice_queue_depth',
      'gauge',
      'Requests that wait for a run now.',
      (version) => version.waiting,
    ),
    histogram(
      'sluice_queue_delay_seconds',
      'Wait before the run, for requests that succeeded.',
      (version) => version.queueDelay,
    ),
    histogram('sluice_exec_seconds', 'Time of each run of the model.', (v) => v.scheduling.exec),
    histogram(
      'sluice_batch_size',
      'Rows of each run of the model.',
      (version) => version.batchRows,
    ),
    {
      name: 'sluice_batches_total',
      type: 'counter',
      help: 'Runs of the model, by why their requests did not wait for more to join them.',
      labels: [...modelLabels, 'left'],
      samples: () =>
        eachVersion(tally, ({ scheduling }, labels) =>
          WHY_LEFT.map((left) => ({
            labels: { ...labels, left },
            value: scheduling.batches(left),
          })),
        ),
    },
    {
      name: 'sluice_shed_total',
      type: 'counter',
      help: 'Requests that were refused or given up before they ran, by reason.',
      labels: [...modelLabels, 'why'],
      samples: () =>
        eachVersion(tally, ({ scheduling }, labels) =>
          WHY_SHED.map((why) => ({
            labels: { ...labels, why },
            value: scheduling.shedBecause(why),
          })),
        ),
    },
    one(
      'sluice_deadline_exceeded_total',
      'counter',
      'Requests that were not answered in time, or would not have been.',
      ({ failures }) => failures.get('deadline_exceeded') ?? 0,
    ),
    one(
      'sluice_slot_busy_seconds_total',
      'counter',
      'Time that threads have computed for the version.',
      (version) => version.scheduling.busyMs / 1000,
    ),
    {
      name: 'sluice_slot_changes_total',
      type: 'counter',
      help: 'How often the number of executors was changed as what comes asks for it.',
      labels: [...modelLabels, 'direction'],
      samples: () =>
        eachVersion(tally, ({ scheduling: { scaling } }, labels) =>
          (['up', 'down'] as const).map((direction) => ({
            labels: { ...labels, direction },
            value: scaling[direction],
          })),
        ),
    },
  ]
}
