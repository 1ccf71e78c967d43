import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, ServingError } from '../errors.ts'
import type { Event } from '../events.ts'
import type { ModelState, ServedModel } from '../models.ts'
import { Registry } from './registry.ts'

test('a ready model is found by its name, and by its version', () => {
  const { registry, ready } = setUp()
  const iris = ready('iris', '3')
  const digits = ready('digits', '1')
  assert.equal(registry.find('iris'), iris)
  assert.equal(registry.find('digits', '1'), digits)
  refuses(() => registry.find('iris', '2'), 'not_found', /"iris" has no version 2/)
  refuses(
    () => registry.find('nosuch'),
    'not_found',
    /no model is named "nosuch"/,
    /"digits", "iris"/,
  )
  refuses(() => registry.find('__proto__'), 'not_found', /no model is named "__proto__"/)
})

test('a model that is not ready is refused with its state and the reason', () => {
  const { registry } = setUp()
  for (const state of ['queued', 'loading', 'warming', 'draining', 'unloaded'] as const) {
    registry.set({ name: 'iris', version: '1', state })
    refuses(() => registry.find('iris'), 'unavailable', new RegExp(`"iris" is ${state}$`))
  }
  registry.set({ name: 'iris', version: '1', state: 'failed', why: 'it is cut off' })
  refuses(() => registry.find('iris'), 'unavailable', /"iris" is failed: it is cut off$/)
})

test('the only model is asked where none is named, or the default', () => {
  const alone = setUp()
  refuses(() => alone.registry.findDefault(), 'not_found', /no model to ask/)
  const iris = alone.ready('iris', '1')
  assert.equal(alone.registry.findDefault(), iris)
  alone.ready('digits', '1')
  refuses(() => alone.registry.findDefault(), 'not_found', /several models/, /predict\/digits/)

  const { registry, ready } = setUp({ defaultModel: 'iris' })
  ready('digits', '1')
  refuses(() => registry.findDefault(), 'not_found', /no model is named "iris"/)
  const asked = ready('iris', '2')
  assert.equal(registry.findDefault(), asked)
})

test('the server is ready once all has settled and enough of it is ready', () => {
  const cases: readonly (readonly [
    states: readonly ModelState[],
    loose: boolean,
    strict: boolean,
  ])[] = [
    [[], true, true],
    [['ready'], true, true],
    [['ready', 'ready'], true, true],
    [['ready', 'failed'], true, false],
    [['failed', 'failed'], false, false],
    [['ready', 'loading'], false, false],
    [['ready', 'queued'], false, false],
    [['loading'], false, false],
    [['ready', 'draining'], false, false],
  ]
  for (const [states, loose, strict] of cases) {
    for (const isStrict of [false, true]) {
      const { registry } = setUp({ strict: isStrict })
      for (const [index, state] of states.entries()) {
        registry.set({ name: `m${index}`, version: '1', state })
      }
      assert.equal(registry.ready(), isStrict ? strict : loose, `${states}, strict ${isStrict}`)
    }
  }
})

test('a server that stops is not ready, and its models are still found', () => {
  const { registry, ready } = setUp()
  const iris = ready('iris', '1')
  registry.stopAccepting()
  assert.equal(registry.ready(), false)
  assert.equal(registry.find('iris'), iris)
})

test('models are listed by name, and every change of state is told', () => {
  const { registry, ready, events } = setUp()
  registry.set({ name: 'iris', version: '2', state: 'loading' })
  ready('digits', '1')
  registry.set({ name: 'iris', version: '2', state: 'failed', why: 'it is empty' })
  assert.deepEqual(
    registry.list().map(({ name, version, state, why }) => [name, version, state, why]),
    [
      ['digits', '1', 'ready', undefined],
      ['iris', '2', 'failed', 'it is empty'],
    ],
  )
  assert.deepEqual(events, [
    { kind: 'state', model: 'iris', version: '2', state: 'loading' },
    { kind: 'state', model: 'digits', version: '1', state: 'ready' },
    { kind: 'state', model: 'iris', version: '2', state: 'failed', why: 'it is empty' },
  ])
})

interface Options {
  readonly defaultModel?: string
  readonly strict?: boolean
}

function setUp({ defaultModel, strict = false }: Options = {}) {
  const events: Event[] = []
  const registry = new Registry({
    defaultModel,
    strict,
    events: { emit: (event) => events.push(event) },
  })
  const ready = (name: string, version: string) => {
    const served = { name, version } as ServedModel
    registry.set({ name, version, state: 'ready', served })
    return served
  }
  return { registry, ready, events }
}

function refuses(find: () => unknown, code: ErrorCode, message: RegExp, hint = /./): void {
  assert.throws(find, (thrown) => {
    assert.ok(thrown instanceof ServingError)
    assert.equal(thrown.code, code)
    assert.match(thrown.message, message)
    if (thrown.hint !== undefined || hint.source !== '.') assert.match(thrown.hint ?? '', hint)
    return true
  })
}
