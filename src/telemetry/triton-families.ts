/**
 * The metrics that boards and autoscalers made for Triton look for, with Triton's meaning: durations
 * are totals in microseconds over the requests that succeeded.
 * https://github.com/triton-inference-server/server/blob/main/docs/user_guide/metrics.md
 */
import type { ErrorCode } from '../errors.ts'
import type { Family } from './family.ts'
import { eachVersion, modelLabels, valuesOfEach } from './per-version.ts'
import type { Tally } from './tally.ts'
import type { VersionTally } from './version-tally.ts'

export function tritonFamilies(tally: Tally): readonly Family[] {
  const one = valuesOfEach(tally)
  return [
    counter('request_success', 'Requests that succeeded.', (version) => version.success),
    {
      name: 'nv_inference_request_failure',
      type: 'counter',
      help: 'Requests that failed, by reason: REJECTED, CANCELED, BACKEND or OTHER.',
      labels: [...modelLabels, 'reason'],
      samples: () =>
        eachVersion(tally, (version, labels) =>
          REASONS.map((reason) => ({
            labels: { ...labels, reason },
            value: failuresBecause(version, reason),
          })),
        ),
    },
    counter(
      'count',
      'Rows answered, but for those of cached answers.',
      (version) => version.successRows,
    ),
    counter('exec_count', 'Runs of the model.', (version) => version.executions),
    microseconds('request', 'from the request to its answer', (version) => version.successMs),
    microseconds('queue', 'waiting for a run', (version) => version.timing.queueMs),
    microseconds('compute_input', 'preparing inputs', (version) => version.timing.inputMs),
    microseconds('compute_infer', 'running the model', (version) => version.timing.runMs),
    microseconds('compute_output', 'reading outputs', (version) => version.timing.outputMs),
    one(
      'nv_inference_pending_request_count',
      'gauge',
      'Requests that wait for a run now.',
      ({ waiting, sequences }) => waiting + (sequences?.waiting ?? 0),
    ),
  ]

  function microseconds(part: string, help: string, ms: (version: VersionTally) => number): Family {
    return counter(`${part}_duration_us`, `Total time ${help}, in microseconds.`, (version) =>
      Math.floor(ms(version) * 1000),
    )
  }

  function counter(name: string, help: string, of: (version: VersionTally) => number): Family {
    return one(`nv_inference_${name}`, 'counter', help, of)
  }
}

const REASONS = ['REJECTED', 'CANCELED', 'BACKEND', 'OTHER'] as const
type TritonReason = (typeof REASONS)[number]

const reasonOf: Readonly<Record<ErrorCode, TritonReason>> = {
  invalid_argument: 'OTHER',
  too_large: 'OTHER',
  unsupported_media: 'OTHER',
  unauthenticated: 'OTHER',
  permission_denied: 'OTHER',
  not_found: 'OTHER',
  failed_precondition: 'OTHER',
  overloaded: 'REJECTED',
  unavailable: 'REJECTED',
  deadline_exceeded: 'REJECTED',
  cancelled: 'CANCELED',
  unimplemented: 'OTHER',
  internal: 'BACKEND',
}

function failuresBecause(version: VersionTally, reason: TritonReason): number {
  let count = 0
  for (const [code, failures] of version.failures) if (reasonOf[code] === reason) count += failures
  return count
}
