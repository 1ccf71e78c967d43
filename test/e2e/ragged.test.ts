/** A model that takes requests of different shapes as one, as Triton's clients ask it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { modelFolder, sumsModel } from './models.ts'
import { startServer } from './server.ts'

const config = `
  platform: "onnxruntime_onnx"
  max_batch_size: 16
  input [{ name: "x" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true }]
  output [{ name: "y" data_type: TYPE_FP32 dims: [ 1 ] }]
  batch_input [{
    kind: BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO
    target_name: "ends" data_type: TYPE_INT32 source_input: "x"
  }]
  dynamic_batching { max_queue_delay_microseconds: 20000 }`

test('requests of different shapes share runs, where the model says how', async (t) => {
  const folder = modelFolder({ 'sums/config.pbtxt': config, 'sums/1/model.onnx': sumsModel() })
  const server = await startServer([folder])
  t.after(() => server.process.end('SIGKILL'))

  const { json: metadata } = await server.ask({ path: '/v2/models/sums' })
  assert.deepEqual(metadata?.inputs, [{ name: 'x', datatype: 'FP32', shape: [-1, -1] }])

  const before = await server.metric('nv_inference_exec_count', 'sums')
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => {
      const data = Array.from({ length: 1 + (index % 5) }, (__, place) => 100 * index + place)
      const x = { name: 'x', datatype: 'FP32', shape: [1, data.length], data }
      return server.ask({ path: '/v2/models/sums/infer', body: { inputs: [x] } })
    }),
  )
  for (const [index, { status, json }] of answers.entries()) {
    const count = 1 + (index % 5)
    const sum = count * 100 * index + (count * (count - 1)) / 2
    assert.equal(status, 200, JSON.stringify(json))
    const [y] = (json?.outputs ?? []) as readonly { shape: number[]; data: number[] }[]
    assert.deepEqual([y?.shape, y?.data], [[1, 1], [sum]])
  }
  const runs = (await server.metric('nv_inference_exec_count', 'sums')) - before
  assert.ok(runs < 12, `${runs} runs for 12 requests`)
})
