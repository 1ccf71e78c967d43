/** Versions that come and go under live sequences. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from '../call.ts'
import { layeredModelConfig, type ModelConfig } from '../config/index.ts'
import { ServingError } from '../errors.ts'
import type { Signature } from '../signature.ts'
import { found, setUp, turns } from './testing.ts'

const row = (name: string) => ({ name, datatype: 'FP32', shape: [-1] }) as const
const signature: Signature = { inputs: [row('x'), row('h')], outputs: [row('y'), row('h2')] }

const configOf = (sequences: object = {}, more: object = {}): ModelConfig => {
  const state = [{ input: 'h', output: 'h2' }]
  const value = {
    sequences: { maxBatchSize: 3, idleTimeoutMs: 10_000, state, ...sequences },
    ...more,
  }
  return layeredModelConfig([{ name: 'model.yaml', value }])
}

function living(options: Parameters<typeof setUp>[0] = {}) {
  const set = setUp(options)
  const iris = (versions: Readonly<Record<string, string>>, config = configOf()) =>
    found('iris', versions, config)
  /** Who answered, or why nobody did. */
  const step = async (id: bigint, flags: '' | 's' | 'e', version?: string) => {
    const call = new Call({ requestId: 'r' })
    call.scheduling = { sequence: { id, start: flags === 's', end: flags === 'e' } }
    const tensor = { datatype: 'FP32' as const, shape: [1], data: Float32Array.of(1) }
    try {
      const { predictor } = set.registry.findToAsk('iris', version)
      const response = await predictor.predict({ inputs: [{ name: 'x', tensor }] }, call)
      assert.deepEqual(
        response.outputs.map(({ name }) => name),
        ['y'],
      )
      return `${response.version}:${response.outputs[0]!.tensor.data[0]}`
    } catch (thrown) {
      const { reason, facts } = ServingError.from(thrown)
      return facts.state === undefined ? reason : `${reason} ${facts.state}`
    }
  }
  const load = (what: string, answer: number, own = signature) =>
    set.load(what, { signature: own, answer })
  return { ...set, iris, step, load }
}

describe('under live sequences', () => {
  it('a newer version takes over, and each sequence ends where it began', async () => {
    const { lifecycle, iris, step, load, rows, runtime } = living()
    lifecycle.want(iris({ 1: 'a' }))
    await load('iris 1 @a', 1)
    assert.equal(await step(7n, 's'), '1:1')
    assert.equal(await step(8n, 's'), '1:1')
    lifecycle.want(iris({ 1: 'a', 2: 'b' }))
    await load('iris 2 @b', 2)
    assert.deepEqual(rows(), ['1 draining', '2 ready'])
    assert.equal(await step(7n, ''), '1:1')
    assert.equal(await step(9n, 's'), '2:2')
    assert.equal(await step(8n, 's'), '2:2', 'what begins anew does so in the new one')
    assert.equal(await step(8n, ''), '2:2')
    assert.equal(await step(7n, '', '1'), '1:1', 'also for whoever names the version')
    assert.equal(await step(9n, '', '1'), 'MODEL_NOT_READY draining')
    assert.equal(await step(7n, 'e'), '1:1')
    await turns()
    assert.deepEqual(rows(), ['2 ready'])
    assert.equal(runtime.alive, 1)
    assert.equal(await step(7n, ''), 'SEQUENCE_NOT_STARTED')
  })

  it('new files of the same version take over as well', async () => {
    const { lifecycle, iris, step, load, rows } = living()
    lifecycle.want(iris({ 1: 'a' }))
    await load('iris 1 @a', 1)
    assert.equal(await step(7n, 's'), '1:1')
    lifecycle.want(iris({ 1: 'b' }))
    await load('iris 1 @b', 5)
    assert.deepEqual(rows(), ['1 ready'])
    assert.equal(await step(8n, 's', '1'), '1:5')
    assert.equal(await step(7n, '', '1'), '1:1')
    assert.equal(await step(7n, 'e'), '1:1')
  })

  it('a version that is not asked for any more goes on for them, and for nobody else', async () => {
    const { lifecycle, iris, step, load, registry, rows } = living()
    lifecycle.want(iris({ 1: 'a' }))
    await load('iris 1 @a', 1)
    await step(7n, 's')
    lifecycle.unwant('iris')
    assert.deepEqual(rows(), ['1 draining'])
    assert.throws(() => registry.find('iris'), { reason: 'MODEL_NOT_READY' })
    assert.throws(() => registry.find('iris', '1'), { reason: 'MODEL_NOT_READY' })
    assert.equal(await step(8n, 's'), 'MODEL_NOT_READY draining')
    assert.equal(await step(7n, ''), '1:1')
    assert.equal(await step(7n, 'e', '1'), '1:1')
    await lifecycle.whenSettled()
    await turns()
    assert.deepEqual(rows(), ['1 unloaded'])
  })

  it('a version is given up with the time that it has to drain', async () => {
    const { lifecycle, iris, step, load, rows, clock, told } = living()
    lifecycle.want(iris({ 1: 'a' }))
    await load('iris 1 @a', 1)
    await step(7n, 's')
    lifecycle.want(iris({ 1: 'a', 2: 'b' }))
    await load('iris 2 @b', 2)
    clock.advance(499)
    assert.equal(await step(7n, ''), '1:1')
    clock.advance(1)
    await turns()
    assert.deepEqual(rows(), ['2 ready'])
    assert.equal(await step(7n, ''), 'SEQUENCE_NOT_STARTED')
    assert.ok(
      told.some((line) => line.startsWith('version') && line.includes('iris 1')),
      `${told}`,
    )
  })

  it('a version drains as soon as they time out', async () => {
    const { lifecycle, iris, step, load, rows, clock } = living()
    lifecycle.want(iris({ 1: 'a' }, configOf({ idleTimeoutMs: 100 })))
    await load('iris 1 @a', 1)
    await step(7n, 's')
    lifecycle.want(iris({ 1: 'a', 2: 'b' }, configOf({ idleTimeoutMs: 100 })))
    await load('iris 2 @b', 2)
    clock.advance(99)
    await turns()
    assert.deepEqual(rows(), ['1 draining', '2 ready'])
    clock.advance(1)
    await turns()
    assert.deepEqual(rows(), ['2 ready'])
  })

  it('a version that answers requests by themselves takes over', async () => {
    const { lifecycle, iris, step, load, ask } = living()
    lifecycle.want(iris({ 1: 'a' }))
    await load('iris 1 @a', 1)
    await step(7n, 's')
    lifecycle.want(found('iris', { 1: 'a', 2: 'b' }))
    const plain: Signature = { inputs: [row('x')], outputs: [row('y')] }
    await load('iris 2 @b', 2, plain)
    assert.equal(await step(8n, 's'), '2:2')
    assert.equal(await step(7n, 'e'), '1:1')
    assert.equal(await ask('iris'), '2:2')
  })

  it('the server stops at once where none of their requests is under way', async () => {
    const { lifecycle, iris, step, load, runtime } = living()
    lifecycle.want(iris({ 1: 'a' }))
    await load('iris 1 @a', 1)
    await step(7n, 's')
    await lifecycle.stop()
    assert.equal(runtime.alive, 0)
  })

  it('no version makes room for another', async () => {
    const memory = { limitBytes: 15, evict: true }
    const { lifecycle, iris, step, load, rows, runtime } = living({ memory })
    lifecycle.want(iris({ 1: 'a' }))
    await load('iris 1 @a', 1)
    await step(7n, 's')
    lifecycle.want(found('other', { 1: 'o' }), { urgent: true })
    await turns()
    assert.equal(runtime.loads.length, 1)
    assert.ok(rows().includes('1 ready'))
    await step(7n, 'e')
    await turns()
    assert.equal(runtime.loads.length, 2)
  })
})

describe('a version with sequences', () => {
  const loaded = async (config: ModelConfig) => {
    const set = living()
    set.lifecycle.want(set.iris({ 1: 'a' }, config))
    await set.load('iris 1 @a', 1)
    return set
  }

  it('is warmed up by a sequence of one request', async () => {
    const { rows, told, step } = await loaded(configOf())
    assert.deepEqual(rows(), ['1 ready'])
    assert.deepEqual(
      told.filter((line) => line.includes('warning')),
      [],
    )
    assert.equal(await step(1n, ''), 'SEQUENCE_NOT_STARTED')
  })

  it('refuses requests that say of none', async () => {
    const { ask } = await loaded(configOf())
    await assert.rejects(ask('iris'), { reason: 'SEQUENCE_ID_MISSING' })
  })

  it('tells what has no effect on them', async () => {
    const more = { slo: { p99Ms: 5 }, batching: { maxDelayMs: 2 }, queue: { onTimeout: 'delay' } }
    const { told, rows } = await loaded(configOf({}, more))
    assert.deepEqual(rows(), ['1 ready'])
    assert.equal(told.filter((line) => line.startsWith('model warning')).length, 3)
  })

  it('is not served where it contradicts its file, or its answers were to be kept', async () => {
    const wrong = [
      configOf({ controls: [{ input: 'q', means: 'start' }] }),
      configOf({}, { cache: {} }),
    ]
    for (const config of wrong) {
      const { rows, lifecycle } = await loaded(config)
      assert.deepEqual(rows(), ['1 failed'])
      assert.equal(lifecycle.failureOf('iris')?.reason, 'MODEL_UNSUPPORTED')
    }
  })
})
