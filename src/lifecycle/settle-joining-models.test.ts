/** Models that may share runs and models that may not, as ONNX Runtime computes them. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Call } from '../call.ts'
import { systemClock } from '../clock.ts'
import { type ModelConfig, parseModelConfig } from '../config/index.ts'
import { noEvents } from '../events.ts'
import { zipMapModel } from '../onnx/testing.ts'
import * as models from '../onnx/testing-rows.ts'
import { OnnxRuntime } from '../runtime/onnx/index.ts'
import { Scheduler } from '../scheduler/index.ts'
import { openVersion, sourceOf } from './open-version.ts'
import { synthesize } from './sample.ts'
import { settleJoining } from './settle-joining.ts'
import { found } from './testing.ts'
import { configuredSamples } from './warm-up-samples.ts'

let folder: string
let runtime: OnnxRuntime

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-joining-'))
  runtime = await OnnxRuntime.start({ threadsPerRun: 1, executors: 2 })
})
after(async () => {
  await runtime.close()
  await rm(folder, { recursive: true, force: true })
})

/** What was found out of a model, of bytes or a path. */
async function settled(model: Uint8Array | string, yaml = '{}') {
  const path = typeof model === 'string' ? model : join(folder, `${++files}.onnx`)
  if (typeof model !== 'string') await writeFile(path, model)
  const config: ModelConfig = parseModelConfig(yaml, 'model.yaml')
  const { spec } = found('m', { 1: path }, config)
  assert.ok(!(spec instanceof Error))
  const options = {
    runtime,
    scheduler: new Scheduler({
      runtime,
      queue: { maxWaiting: 8, maxWaitingBytes: 2 ** 30 },
      clock: systemClock,
    }),
    autoComplete: true,
    clock: systemClock,
    events: noEvents,
  }
  const source = sourceOf({ ...spec, folder: dirname(path) }, spec.versions[0]!)
  const version = await openVersion(spec, source, new AbortController().signal, options)
  try {
    const { signature } = version.served
    const samples = configuredSamples(config.warmUp.samples, signature)
    await settleJoining(version, {
      config,
      samples: samples.map(({ request }) => request),
      synthesized: synthesize(signature),
      clock: systemClock,
      call: new Call({ requestId: 'trial' }),
    })
    const { joining, costs } = version.executors
    return { ...joining, costs: costs.flatMap(({ points }) => points) }
  } finally {
    await version.close()
  }
}
let files = 0

describe('requests share runs', () => {
  const example = (name: string) =>
    fileURLToPath(new URL(`../../examples/models/${name}`, import.meta.url))
  for (const [name, model, yaml] of [
    ['of a perceptron with a softmax', models.perceptron()],
    ['of a perceptron in half precision', models.perceptron('FP16')],
    ['of a convolution', models.convolution()],
    ['of a normalisation of each row', models.normalised()],
    ['of a normalisation by fixed statistics', models.batchNorm()],
    ['of embeddings, whose whole numbers are indices', models.embeddings()],
    ['of labels and scores', zipMapModel(['cat', 'dog', 'emu'])],
    ['of labels that are numbers', zipMapModel([7, 8, 9])],
    ['of strings of digits', models.strings()],
    ['of strings that are listed', models.strings(), 'inputs: [{name: x, allowed: [cat, dog]}]'],
    ['of features far from one', models.thresholds(5000)],
    ['of a linear regression', example('diabetes-linear.onnx')],
    ['of a forest', example('diabetes.onnx')],
    ['of a classifier of digits', example('digits.onnx')],
    ['of a classifier of irises', example('iris/model.onnx')],
    ['of a pipeline', example('breast-cancer/model.onnx')],
  ] as const) {
    it(name, async () => {
      const { joined, why, costs } = await settled(model, yaml)
      assert.deepEqual({ joined, why }, { joined: true, why: undefined })
      assert.equal(costs[0]!.rows, 1)
      assert.ok(costs.length > 1, 'and runs of several sizes were measured')
    })
  }
})

describe('requests run apart', () => {
  const differs = /^its answers together differ from those apart: output "y", row \d/
  for (const [name, model, why] of [
    ['where the mean of all rows is taken away', models.centred(), differs],
    ['where rows compete in a softmax', models.softmaxOverRows(), differs],
    ['where rows are sorted', models.sorted(), differs],
    ['where rows are added up', models.summed(), differs],
    ['where rows are turned round', models.reversed(), differs],
    ['where a row sees the one before it', models.shifted(), differs],
    ['where the greatest of all rows scales each', models.scaled(), differs],
    [
      'where numbers are quantized by what all rows span',
      models.quantized(),
      /^its numbers are rounded/,
    ],
    ['where the best row is found', models.best(), differs],
    ['where there is a row for each that is positive', models.filtered(), /./],
    ['where rows that are alike become one', models.unique(), /./],
    [
      'where answers are random',
      models.random(),
      /^it does not answer the same request alike: output "y"/,
    ],
    [
      'where nothing can be seen, since all answers are alike',
      models.constant(),
      /were answered alike/,
    ],
    ['where rows are not independent of their number', models.counted(), differs],
  ] as const) {
    it(name, async () => {
      const { joined, why: told, costs } = await settled(model)
      assert.equal(joined, false)
      assert.match(told!, why)
      if (costs.length > 0)
        assert.deepEqual(
          costs.map(({ rows }) => rows),
          [1],
        )
    })
  }

  it('unless their operator wants it otherwise', async () => {
    const { joined, costs } = await settled(models.centred(), 'batching: {assumeJoinable: true}')
    assert.equal(joined, true)
    assert.ok(costs.length > 1)
  })

  it('where the operator wants it so', async () => {
    const { why, costs } = await settled(models.perceptron(), 'batching: off')
    assert.equal(why, 'batching is off in its configuration')
    assert.deepEqual(
      costs.map(({ rows }) => rows),
      [1],
    )
  })

  it('where a row fails by which it is tried, which its samples can mend', async () => {
    const few = models.embeddings(1)
    assert.match((await settled(few)).why!, /^its rows could not be tried together: /)
    const samples = 'warmUp: {samples: [{inputs: {x: [[0, 0]]}}]}'
    assert.match((await settled(few, samples)).why!, /could not be tried|were answered alike/)
    const rows = 'warmUp: {samples: [{inputs: {x: [[0, 3], [2, 1], [1, 1]]}}]}'
    assert.equal((await settled(models.embeddings(4), rows)).joined, true)
  })

  it('where nobody knows what its strings mean', async () => {
    const samples = 'warmUp: {samples: [{inputs: {x: [[cat]]}}]}'
    assert.match((await settled(models.strings(), samples)).why!, /^no rows that differ/)
  })

  it('where nothing is tried', async () => {
    assert.match((await settled(models.perceptron(), 'warmUp: {runs: 0}')).why!, /not warmed up/)
  })
})
