import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fail } from '../../errors.ts'
import { errorHeaders, httpStatus } from './status.ts'

test('who is refused for a while is told when to come again, in whole seconds', () => {
  for (const [error, status, seconds] of [
    [fail('QUEUE_FULL', { model: 'm', limit: 3, retryAfterMs: 1500 }), 429, '2'],
    [fail('QUEUE_FULL', { model: 'm', limit: 3 }), 429, '1'],
    [fail('MODEL_NOT_READY', { model: 'm', state: 'loading', retryAfterMs: 7001 }), 503, '8'],
    [fail('DEADLINE_EXCEEDED', { where: 'waiting', retryAfterMs: 3001 }), 504, '4'],
    [fail('DEADLINE_EXCEEDED', { where: 'served' }), 504, undefined],
    [fail('RUN_FAILED'), 500, undefined],
  ] as const) {
    assert.equal(httpStatus(error), status)
    assert.equal(errorHeaders(error)['retry-after'], seconds, error.message)
  }
})
