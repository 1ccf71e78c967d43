import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Call, type Scheduling } from '../../../call.ts'
import { ServingError } from '../../../errors.ts'
import { ask, controlOf, inputOf, modelOf, modelsOf } from '../../testing.ts'
import { decodeInference } from './decode.ts'
import { openInferenceRest } from './index.ts'

const said: readonly (readonly [parameters: string, Scheduling | undefined])[] = [
  ['{}', undefined],
  ['{"binary_data_output": true, "mine": 7}', undefined],
  ['{"priority": 3}', { priority: 3 }],
  ['{"priority": 0, "timeout": 0}', undefined],
  ['{"timeout": 1500}', { queueTimeoutMs: 1.5 }],
  ['{"priority": 2, "timeout": 250000}', { priority: 2, queueTimeoutMs: 250 }],
  ['{"sequence_id": 42}', { sequence: { id: 42n, start: false, end: false } }],
  ['{"sequence_id": 5, "sequence_start": true}', { sequence: { id: 5n, start: true, end: false } }],
  [
    '{"sequence_id": "user 7", "sequence_end": true, "priority": 1}',
    { priority: 1, sequence: { id: 'user 7', start: false, end: true } },
  ],
  ['{"sequence_id": 0, "sequence_start": true}', undefined],
  ['{"sequence_id": "", "sequence_end": true}', undefined],
  ['{"sequence_id": "0"}', { sequence: { id: '0', start: false, end: false } }],
  [
    '{"sequence_id": 18446744073709551615}',
    { sequence: { id: 18446744073709551615n, start: false, end: false } },
  ],
  [
    '{"sequence_id": 9007199254740993, "timeout": 8}',
    { queueTimeoutMs: 0.008, sequence: { id: 9007199254740993n, start: false, end: false } },
  ],
]

for (const [parameters, expected] of said) {
  test(`${parameters} is understood`, () => {
    assert.deepEqual(schedulingIn(parameters), expected)
  })
}

test('of the wrong type or out of range they are refused', () => {
  for (const [parameters, parameter, message] of [
    ['{"priority": -1}', 'priority', /a whole number from 0 on, got -1/],
    ['{"priority": 1.5}', 'priority', /got 1.5/],
    ['{"priority": "2"}', 'priority', /got "2"/],
    ['{"priority": null}', 'priority', /got null/],
    ['{"timeout": true}', 'timeout', /got true/],
    ['{"timeout": 1e300}', 'timeout', /got 1/],
    ['{"timeout": [1]}', 'timeout', /got an array/],
    [
      '{"sequence_id": 1.5}',
      'sequence_id',
      /a whole number from 0 to 2\^64 - 1, or a string, got 1.5/,
    ],
    ['{"sequence_id": -7}', 'sequence_id', /got -7/],
    ['{"sequence_id": 18446744073709551616}', 'sequence_id', /got 18446744073709551616/],
    ['{"sequence_id": {}}', 'sequence_id', /got an object/],
    ['{"sequence_id": null}', 'sequence_id', /got null/],
    ['{"sequence_id": 3, "sequence_start": 1}', 'sequence_start', /true or false, got 1/],
    ['{"sequence_end": "true"}', 'sequence_end', /got "true"/],
  ] as const) {
    assert.throws(
      () => schedulingIn(parameters),
      (thrown) => {
        assert.ok(thrown instanceof ServingError)
        assert.equal(thrown.reason, 'PARAMETER_INVALID')
        assert.equal(thrown.facts.parameter, parameter)
        assert.match(thrown.message, message)
        return true
      },
      parameters,
    )
  }
})

test('the call is told before the model is asked', async () => {
  let asked: Scheduling | undefined
  const call = new Call({ requestId: 'r' })
  const model = modelOf('m', { inputs: [inputOf('x', 'INT8', [1])], outputs: [] }, () => {
    asked = call.scheduling
    return []
  })
  const protocol = openInferenceRest({
    models: modelsOf(model),
    control: controlOf(),
    repositoryControl: 'open',
    statistics: { modelStatistics: () => [] },
    serverName: 's',
    serverVersion: '1',
  })
  const body = bodyWith('{"priority": 4, "sequence_id": 6}')
  const answered = await ask(protocol, {
    route: '/v2/models/:model/infer',
    params: { model: 'm' },
    body,
    call,
  })
  assert.equal(answered.status, 200)
  assert.deepEqual(asked, { priority: 4, sequence: { id: 6n, start: false, end: false } })
})

const bodyWith = (parameters: string) =>
  `{"parameters": ${parameters}, "inputs": [{"name": "x", "datatype": "INT8", "shape": [1], "data": [1]}]}`

const schedulingIn = (parameters: string) =>
  decodeInference(Buffer.from(bodyWith(parameters)), undefined).scheduling
