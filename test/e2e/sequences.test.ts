/** Sequences through the real server, with a real model. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { accumulatorModel, accumulatorPbtxt, type Flags, step, sumOf, told } from './accumulator.ts'
import { echoModel, plusModel } from './models.ts'
import { Published } from './published.ts'
import { type Server, until } from './server.ts'
import { startOver, untilServed } from './serving.ts'
import { states } from './states.ts'

const direct = accumulatorPbtxt('max_sequence_idle_microseconds: 60000000')

async function accumulating(t: TestContext, pbtxt = direct) {
  const published = new Published()
  published.file('accumulator', 'config.pbtxt', pbtxt)
  published.version('accumulator', 1, { 'model.onnx': accumulatorModel() })
  const server = await startOver(t, published)
  return { server, published }
}

test('sequences that come at once are answered each by what came before of it', async (t) => {
  const { server } = await accumulating(t)
  // four times as many as there are rows
  const clients = Array.from({ length: 32 }, async (_, client) => {
    const id = client + 1
    let sum = 0
    for (let at = 0; at < 10; at++) {
      const x = client * 100 + at
      sum += x
      const flags: Flags = at === 0 ? 's' : at === 9 ? 'e' : ''
      const answer = told(await step(server, id, flags, x))
      const bits = 4 + (at === 0 ? 1 : 0) + (at === 9 ? 2 : 0)
      assert.deepEqual(answer, { version: '1', y: sum, told: bits, id })
    }
  })
  await Promise.all(clients)
  const stats = await server.ask({ path: '/v2/models/accumulator/stats' })
  const [counted] = JSON.parse(stats.text).model_stats
  assert.equal(counted.inference_count, 320)
  assert.ok(counted.execution_count <= 320)
  assert.equal(await server.metric('sluice_sequence_active', 'accumulator'), 0)
  assert.equal(await server.metric('sluice_sequence_state_bytes', 'accumulator'), 0)
})

test('clients see what is theirs of the model, and are refused in the words of Triton', async (t) => {
  const { server } = await accumulating(t)
  const { json } = await server.ask({ path: '/v2/models/accumulator' })
  assert.deepEqual(json?.inputs, [{ name: 'x', datatype: 'FP32', shape: [-1, 1] }])
  const outputs = json?.outputs as { name: string }[]
  assert.deepEqual(
    outputs.map(({ name }) => name),
    ['y', 'told', 'id'],
  )
  const config = await server.ask({ path: '/v2/models/accumulator/config' })
  assert.equal(config.json?.max_batch_size, 8)
  const sequence = JSON.parse(config.text).sequence_batching
  assert.equal(Number(sequence.max_sequence_idle_microseconds), 60_000_000)

  // a hint may follow in brackets
  const refused = async (answer: ReturnType<typeof step>) => {
    const { status, json } = await answer
    return [status, String(json?.error).replace(/ \([^()]*\)$/, '')]
  }
  assert.deepEqual(await refused(step(server, 42, '', 1)), [
    400,
    "inference request for sequence 42 to model 'accumulator' must specify the START flag on the first request of the sequence",
  ])
  const missing = [
    400,
    "inference request to model 'accumulator' must specify a non-zero or non-empty correlation ID",
  ]
  assert.deepEqual(await refused(step(server, 0, 's', 1)), missing)
  const input = (rows: number) => ({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, 1], data: new Array(rows).fill(1) }],
  })
  const path = '/v2/models/accumulator/infer'
  assert.deepEqual(await refused(server.ask({ path, body: input(1) })), missing)
  const two = { ...input(2), parameters: { sequence_id: 7, sequence_start: true } }
  assert.deepEqual(await refused(server.ask({ path, body: two })), [
    400,
    "inference request to model 'accumulator' must specify batch-size 1 due to requirements of sequence batcher",
  ])
})

test('a sequence of which nothing comes is forgotten', async (t) => {
  const { server } = await accumulating(
    t,
    accumulatorPbtxt('max_sequence_idle_microseconds: 100000'),
  )
  assert.equal(await sumOf(step(server, 5, 's', 3)), 3)
  const timedOut = () => server.metric('sluice_sequence_timed_out_total', 'accumulator')
  await until(async () => (await timedOut()) === 1, 'it is forgotten')
  assert.equal((await step(server, 5, '', 3)).status, 400)
})

test('a newer version takes over, and each sequence ends in the one where it began', async (t) => {
  const { server, published } = await accumulating(t)
  const before = [1, 2, 3]
  for (const id of before) assert.equal(await sumOf(step(server, id, 's', id)), id)
  published.version('accumulator', 2, { 'model.onnx': accumulatorModel(1000) })
  await untilServed(server, '2', 'accumulator')
  assert.equal(told(await step(server, 9, 's', 5)).y, 1005)
  for (const id of before) {
    const own = { version: '1', y: id + 10, told: 4, id }
    assert.deepEqual(told(await step(server, id, '', 10)), own)
    const named = '/v2/models/accumulator/versions/1/infer'
    assert.equal(told(await step(server, id, '', 10, named)).y, id + 20)
  }
  assert.equal(told(await step(server, 9, '', 5)).y, 2010)
  assert.deepEqual(
    (await states(server, 'accumulator')).map(([version, state]) => `${version} ${state}`),
    ['1 draining', '2 ready'],
  )
  for (const id of before) assert.equal(told(await step(server, id, 'e', 0)).version, '1')
  await until(async () => (await states(server, 'accumulator')).length === 1, 'version 1 is gone')
  assert.equal((await step(server, 1, '', 1)).status, 400)
  assert.equal(told(await step(server, 1, 'se', 1)).version, '2')
})

test('a model.yaml says it in our own words, with names for sequences and a state from a file', async (t) => {
  const published = new Published()
  published.write({
    'accumulator/initial_state/begin': new Uint8Array(Float32Array.of(0.5).buffer),
  })
  published.file(
    'accumulator',
    'model.yaml',
    `sequences:
  strategy: oldest
  idleTimeoutMs: 60000
  maxBatchSize: 4
  maxSequences: 16
  controls:
    - {input: START, means: start}
    - {input: END, means: end}
    - {input: READY, means: ready}
    - {input: ID, means: id}
  state:
    - {input: sum, output: sum_out, initial: {file: begin}, visible: true}
`,
  )
  published.version('accumulator', 1, { 'model.onnx': accumulatorModel(0, 'BYTES') })
  const server = await startOver(t, published)
  const names = ['ada', 'grace', 'edsger', 'barbara', 'alan', 'lynn']
  await Promise.all(
    names.map(async (id, x) => {
      const first = told(await step(server, id, 's', x))
      assert.deepEqual(first, { version: '1', y: x + 0.5, told: 5, id, sum_out: x + 0.5 })
      assert.equal(told(await step(server, id, 'e', x)).y, 2 * x + 0.5)
    }),
  )
  const number = await step(server, 7, 's', 1)
  assert.deepEqual(
    [number.status, number.json?.error],
    [400, '"sequence_id" must be a string, got 7'],
  )
  const config = await server.ask({ path: '/v2/models/accumulator/config' })
  const batching = config.json?.sequence_batching as Record<
    string,
    { max_candidate_sequences: number }
  >
  assert.equal(batching.oldest?.max_candidate_sequences, 16)
  assert.equal(config.json?.max_batch_size, 4)
})

test('a model that answers requests by themselves takes no notice of sequences', async (t) => {
  const published = new Published()
  published.version('accumulator', 1, { 'model.onnx': plusModel(7) })
  const server = await startOver(t, published)
  assert.equal(told(await step(server, 5, '', 3)).y, 10)
  assert.equal(told(await step(server, 0, 'e', 4)).y, 11)
})

test('a server that stops does not wait for sequences of which nothing can come', async (t) => {
  const { server } = await accumulating(t)
  assert.equal(await sumOf(step(server, 1, 's', 3)), 3)
  const { code, ms } = await stopped(server)
  assert.equal(code, 0)
  assert.ok(ms < 55_000)
})

test('a model whose file contradicts its sequences is not served, and says why', async (t) => {
  const published = new Published()
  published.file('accumulator', 'config.pbtxt', direct)
  published.version('accumulator', 1, { 'model.onnx': echoModel() })
  published.version('plus', 1, { 'model.onnx': plusModel(1) })
  const server = await startOver(t, published)
  await until(async () => (await states(server, 'accumulator'))[0]?.[1] === 'failed', 'it failed')
  const [[, , why] = []] = await states(server, 'accumulator')
  assert.match(
    why!,
    /configuration specified sequence control 'START', but model does not provide that input/,
  )
})

const stopped = (server: Server) => server.process.end('SIGTERM')
