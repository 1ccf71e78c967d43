import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MODEL_STATES, type ModelState } from '../models.ts'
import { after, type VersionEvent } from './version-machine.ts'

const EVENTS: readonly VersionEvent[] = ['begin', 'loaded', 'warmed', 'fail', 'retire', 'drained']

test('a version that goes well passes every state once', () => {
  const walk: readonly VersionEvent[] = ['begin', 'loaded', 'warmed', 'retire', 'drained']
  const states: ModelState[] = ['queued']
  for (const event of walk) states.push(after(states.at(-1)!, event))
  assert.deepEqual(states, ['queued', 'loading', 'warming', 'ready', 'draining', 'unloaded'])
})

test('it takes traffic only after it was loaded and has answered', () => {
  const toReady = MODEL_STATES.flatMap((state) =>
    EVENTS.filter((event) => attempt(state, event) === 'ready').map((event) => [state, event]),
  )
  assert.deepEqual(toReady, [['warming', 'warmed']])
})

test('what takes traffic does not fail or vanish, it drains', () => {
  assert.deepEqual(
    EVENTS.map((event) => attempt('ready', event)),
    [undefined, undefined, undefined, undefined, 'draining', undefined],
  )
})

test('what has ended does not begin again', () => {
  for (const event of EVENTS) {
    assert.equal(attempt('failed', event), undefined)
    assert.equal(attempt('unloaded', event), undefined)
  }
})

function attempt(state: (typeof MODEL_STATES)[number], event: VersionEvent) {
  try {
    return after(state, event)
  } catch {
    return undefined
  }
}
