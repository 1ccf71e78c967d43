/** What is counted of models that answer by what came before. */
import type { Family } from './family.ts'
import { eachVersion, modelLabels } from './per-version.ts'
import type { Tally } from './tally.ts'
import type { SequenceTally } from './version-tally.ts'

/** Only of versions that have had a sequence. */
export function sequenceFamilies(tally: Tally): readonly Family[] {
  return [
    gauge(
      'active',
      'Sequences under way, those that wait for a place among them.',
      (s) => s.active,
    ),
    gauge('backlog', 'Sequences that wait for a place.', (s) => s.backlog),
    gauge('waiting', 'Requests of sequences that wait for their run.', (s) => s.waiting),
    gauge('state_bytes', 'Memory of what is kept of sequences.', (s) => s.stateBytes),
    {
      ...family(
        'timed_out_total',
        'Sequences forgotten since nothing of them came.',
        (s) => s.timedOut,
      ),
      type: 'counter',
    },
  ]

  function gauge(name: string, help: string, of: (sequences: SequenceTally) => number): Family {
    return { ...family(name, help, of), type: 'gauge' }
  }

  function family(name: string, help: string, of: (sequences: SequenceTally) => number) {
    return {
      name: `sluice_sequence_${name}`,
      help,
      labels: modelLabels,
      samples: () =>
        eachVersion(tally, ({ sequences }, labels) =>
          sequences === undefined ? [] : [{ labels, value: of(sequences) }],
        ),
    }
  }
}
