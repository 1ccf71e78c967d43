import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Call } from '../call.ts'
import { type ErrorCode, fail, ServingError } from '../errors.ts'
import type { Event } from '../events.ts'
import type { ModelState, ServedModel } from '../models.ts'
import { Registry, type VersionRow } from './registry.ts'

test('a ready model is found by its name, by a version, and by a label', () => {
  const { registry } = setUp()
  const old = row('iris', '3', 'ready', { labels: ['old'] })
  const stable = row('iris', '4', 'ready', { stable: true })
  registry.publish('iris', [old, stable])
  assert.equal(registry.find('iris'), stable.served)
  assert.equal(registry.find('iris', '3'), old.served)
  assert.equal(registry.find('iris', 'old'), old.served)
  refuses(() => registry.find('iris', '2'), 'not_found', /"iris" has no version 2/, /"3", "4"/)
  refuses(() => registry.find('nosuch'), 'not_found', /is named "nosuch"/, /"iris"/)
  refuses(() => registry.find('__proto__'), 'not_found', /no model is named "__proto__"/)
})

test('a model that is not ready is refused with its state and the reason', () => {
  const { registry } = setUp()
  for (const state of ['queued', 'loading', 'warming', 'draining', 'unloaded'] as const) {
    registry.publish('iris', [row('iris', '1', state)])
    refuses(() => registry.find('iris'), 'unavailable', new RegExp(`"iris" is ${state}$`))
  }
  registry.publish('iris', [row('iris', '1', 'failed', { why: 'it is cut off' })])
  refuses(() => registry.find('iris'), 'unavailable', /"iris" is failed: it is cut off$/)
  refuses(() => registry.find('iris', '1'), 'unavailable', /"iris" is failed: it is cut off$/)
})

test('of several versions that are not ready the one is told of that may be soonest', () => {
  const { registry } = setUp()
  const failed = row('iris', '2', 'failed', { why: 'broken' })
  registry.publish('iris', [row('iris', '1', 'loading'), failed])
  refuses(() => registry.find('iris'), 'unavailable', /is loading/)
  registry.publish('iris', [row('iris', '1', 'unloaded'), failed])
  refuses(() => registry.find('iris'), 'unavailable', /is failed: broken/)
})

test('the only model is asked where none is named, or the default', () => {
  const alone = setUp().registry
  refuses(() => alone.defaultName(), 'not_found', /no model to ask/)
  alone.publish('iris', [row('iris', '1', 'ready')])
  assert.equal(alone.defaultName(), 'iris')
  alone.publish('digits', [row('digits', '1', 'ready')])
  refuses(() => alone.defaultName(), 'not_found', /several models/, /predict\/digits/)
  assert.equal(setUp({ defaultModel: 'iris' }).registry.defaultName(), 'iris')
})

test('a model that is loaded when asked is woken, and no other', async () => {
  const { registry } = setUp()
  const loaded = Promise.withResolvers<void>()
  const asleep = row('iris', '1', 'unloaded', { wake: () => loaded.promise })
  registry.publish('iris', [asleep])
  registry.publish('digits', [row('digits', '1', 'ready', { stable: true })])
  registry.publish('cut', [row('cut', '1', 'failed')])
  const call = new Call({ requestId: 'r' })
  for (const name of ['digits', 'cut', 'nosuch']) {
    assert.equal(registry.wake(name, undefined, call), undefined, name)
  }
  assert.equal(registry.wake('iris', '2', call), undefined)

  const patient = registry.wake('iris', undefined, call)
  const hasty = new Call({ requestId: 'h' })
  const impatient = registry.wake('iris', '1', hasty)
  hasty.end(fail('DEADLINE_EXCEEDED', { where: 'waiting' }))
  await assert.rejects(impatient!, /the deadline passed/)
  loaded.resolve()
  await patient
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
    [['ready', 'warming'], false, false],
    [['ready', 'unloaded'], true, true],
    [['unloaded'], true, true],
    [['ready', 'draining'], true, false],
  ]
  for (const [states, loose, strict] of cases) {
    for (const [isStrict, expected] of [
      [false, loose],
      [true, strict],
    ] as const) {
      const { registry } = setUp({ strict: isStrict })
      states.forEach((state, index) => {
        registry.publish(`m${index}`, [row(`m${index}`, '1', state, { stable: state === 'ready' })])
      })
      assert.equal(registry.ready(), false, 'before it is known what is wanted')
      registry.startIsKnown()
      assert.equal(registry.ready(), expected, `${states} ${isStrict ? 'strict' : 'loose'}`)
    }
  }
})

test('a new version on its way does not take readiness away, nor does one that failed', () => {
  for (const strict of [false, true]) {
    const { registry } = setUp({ strict })
    registry.startIsKnown()
    const serving = row('iris', '1', 'ready', { stable: true })
    for (const state of ['queued', 'loading', 'warming', 'failed'] as const) {
      registry.publish('iris', [serving, row('iris', '2', state)])
      assert.equal(registry.ready(), true, `${state} ${strict}`)
    }
  }
})

test('a model that comes when the others have settled takes readiness from nobody', () => {
  const { registry } = setUp()
  registry.publish('iris', [row('iris', '1', 'loading')])
  registry.startIsKnown()
  assert.equal(registry.ready(), false)
  registry.publish('iris', [row('iris', '1', 'ready', { stable: true })])
  registry.publish('late', [row('late', '1', 'loading')])
  assert.equal(registry.ready(), true)
  registry.publish('iris', [row('iris', '1', 'unloaded')])
  assert.equal(registry.ready(), false, 'nothing is left that answers')
})

test('a server in which every model sleeps is ready: any of them can be asked', () => {
  const { registry } = setUp({ strict: true })
  registry.startIsKnown()
  registry.publish('iris', [row('iris', '1', 'unloaded', { wake: async () => {} })])
  assert.equal(registry.ready(), true)
})

test('a model that is woken does not take readiness away', () => {
  for (const strict of [false, true]) {
    const { registry } = setUp({ strict })
    registry.startIsKnown()
    registry.publish('digits', [row('digits', '1', 'ready', { stable: true })])
    for (const state of ['queued', 'loading', 'warming'] as const) {
      registry.publish('iris', [row('iris', '1', state, { wake: async () => {} })])
      assert.equal(registry.ready(), true, `${state} ${strict}`)
    }
  }
})

test('a server that stops is not ready, whatever its models are', () => {
  const { registry } = setUp()
  registry.publish('iris', [row('iris', '1', 'ready', { stable: true })])
  registry.stopAccepting()
  assert.equal(registry.ready(), false)
})

test('every version is listed with its state, and each change of a state is told once', () => {
  const { registry, events } = setUp()
  registry.publish('iris', [row('iris', '1', 'loading'), row('iris', '2', 'queued')])
  registry.publish('digits', [row('digits', '1', 'ready')])
  registry.publish('iris', [
    row('iris', '1', 'loading'),
    row('iris', '2', 'failed', { why: 'it is empty' }),
  ])
  assert.deepEqual(
    registry.list().map(({ name, version, state, why }) => [name, version, state, why]),
    [
      ['digits', '1', 'ready', undefined],
      ['iris', '1', 'loading', undefined],
      ['iris', '2', 'failed', 'it is empty'],
    ],
  )
  assert.deepEqual(events, [
    { kind: 'state', model: 'iris', version: '1', state: 'loading' },
    { kind: 'state', model: 'iris', version: '2', state: 'queued' },
    { kind: 'state', model: 'digits', version: '1', state: 'ready' },
    { kind: 'state', model: 'iris', version: '2', state: 'failed', why: 'it is empty' },
  ])
  registry.publish('iris', [])
  assert.deepEqual(
    registry.list().map(({ name }) => name),
    ['digits'],
  )
})

test('a version of which nothing is known any more is told as unloaded, once', () => {
  const { registry, events } = setUp()
  registry.publish('iris', [row('iris', '1', 'failed'), row('iris', '2', 'draining')])
  registry.publish('iris', [row('iris', '2', 'unloaded')])
  registry.publish('iris', [])
  assert.deepEqual(
    events.slice(2).map((event) => (event.kind === 'state' ? [event.version, event.state] : [])),
    [
      ['2', 'unloaded'],
      ['1', 'unloaded'],
    ],
  )
})

test('a version that finishes its sequences is found by whoever has a request, where none serves', () => {
  const { registry } = setUp()
  const finishing = { name: 'iris', version: '3' } as ServedModel
  const draining = row('iris', '3', 'draining', { finishing, labels: ['old'] })
  const stable = row('iris', '4', 'ready', { stable: true })
  registry.publish('iris', [draining, stable])
  assert.equal(registry.findToAsk('iris'), stable.served)
  assert.equal(registry.findToAsk('iris', '4'), stable.served)
  assert.equal(registry.findToAsk('iris', 'old'), finishing)
  refuses(() => registry.find('iris', '3'), 'unavailable', /"iris" is draining$/)
  registry.publish('iris', [draining, row('iris', '4', 'loading')])
  assert.equal(registry.findToAsk('iris'), finishing)
  refuses(() => registry.findToAsk('iris', '4'), 'unavailable', /"iris" is loading$/)
  refuses(() => registry.find('iris'), 'unavailable', /"iris" is loading$/)
  refuses(() => registry.findToAsk('nosuch'), 'not_found', /is named "nosuch"/)
  const replaced = row('iris', '3', 'ready', { finishing, stable: true })
  registry.publish('iris', [replaced])
  assert.equal(registry.findToAsk('iris', '3'), replaced.served)
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
  return { registry, events }
}

function row(
  name: string,
  version: string,
  state: ModelState,
  more: Partial<VersionRow> = {},
): VersionRow {
  const served = { name, version } as ServedModel
  return { name, version, state, ...(state === 'ready' && { served }), ...more }
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
