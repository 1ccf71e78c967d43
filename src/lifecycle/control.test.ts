import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HandClock } from '../clock.ts'
import { fail } from '../errors.ts'
import { noEvents } from '../events.ts'
import type { Scan, Source } from '../repository/index.ts'
import { Control } from './control.ts'
import { Overrides } from './overrides.ts'
import { found, setUp, turns } from './testing.ts'

describe('a reload', () => {
  const models = [found('iris', { 1: 'a' })]
  const lost = [{ root: '/disks/nosuch', why: 'there is no such file' }]

  it('to a path that cannot be read is refused, and what serves serves', async () => {
    const { control, ask, reload } = await setUpControl({ models, lost: [] })
    await assert.rejects(reload({ models: [], lost }), {
      reason: 'RELOAD_REFUSED',
      message: 'nosuch: there is no such file',
    })
    assert.equal(await ask('iris'), '1:7')
    assert.deepEqual(await reload({ models: [found('iris', { 1: 'a' })], lost: [] }), [])
    assert.equal(control.index().length, 1)
  })

  it('while a path cannot be read that could be before leaves its models as they are', async () => {
    const { ask, reload } = await setUpControl({ models, lost: [] })
    await reload({ models: [], lost: [{ root: 'models', why: 'it may not be read' }] })
    assert.equal(await ask('iris'), '1:7')
  })

  it('is not refused for what could not be read before either', async () => {
    const { ask, reload } = await setUpControl({ models, lost })
    await reload({ models, lost })
    assert.equal(await ask('iris'), '1:7')
  })

  it('that takes longer than one that was asked after it does not undo that one', async () => {
    const { control, reload } = await setUpControl({ models, lost: [] })
    const gate = Promise.withResolvers<Scan>()
    const slow = reload(gate.promise)
    const kept = found('iris', { 1: 'a' })
    await reload({ models: [kept, { ...kept, name: 'broken', spec: fail('DRAINING') }], lost: [] })
    gate.resolve({ models: [], lost: [] })
    await slow
    assert.deepEqual(
      control.index().map(({ name }) => name),
      ['broken', 'iris'],
    )
  })
})

it('who waits for a reload, or asks for one, is refused when it stops', async () => {
  const { control, reload } = await setUpControl({
    models: [found('iris', { 1: 'a' })],
    lost: [],
  })
  const waiting = reload({ models: [found('iris', { 1: 'b' })], lost: [] })
  await turns()
  control.stop()
  await assert.rejects(waiting, { reason: 'DRAINING' })
  await assert.rejects(control.load('iris'), { reason: 'DRAINING' })
})

async function setUpControl(first: Scan) {
  const { lifecycle, registry, load, ask } = setUp()
  let next: Scan | Promise<Scan> = first
  const control = new Control({
    mode: 'none',
    loadModels: [],
    pollMs: 1000,
    source: sourceOf(first),
    lifecycle,
    models: registry,
    onStartKnown: () => registry.startIsKnown(),
    overrides: new Overrides(),
    reread: async () => ({ source: sourceOf(next), needRestart: [] }),
    clock: new HandClock(),
    events: noEvents,
    log: { error() {}, warn() {}, info() {}, debug() {} },
  })
  const starting = control.start()
  await turns()
  await load('iris 1 @a', { answer: 7 })
  await starting
  const reload = async (scan: Scan | Promise<Scan>) => {
    next = scan
    const { needRestart } = await control.reload()
    return needRestart
  }
  return { control, ask, reload }
}

const sourceOf = (scan: Scan | Promise<Scan>): Source => ({
  scan: async () => scan,
  watch: () => () => {},
})
