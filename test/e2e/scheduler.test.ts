/** Requests that share runs, and servers that are asked more than they can do. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  centredModel,
  heavyModel,
  modelFolder,
  plusModel,
  slowModel,
  squareModel,
} from './models.ts'
import { type Server, startServer, until } from './server.ts'
import { endless, occupy, slow, turnsFor, waiting } from './slow.ts'

test('requests that come while others run share runs, and each gets its own rows', async (t) => {
  const server = await serve(t, { 'heavy.onnx': heavyModel(1000, 4 * 2 ** 20) })
  const before = await counts(server, 'heavy')
  const answers = await Promise.all(
    Array.from({ length: 64 }, (_, x) =>
      server.ask({
        path: '/predict/heavy',
        body: { features: x % 3 === 0 ? [[x], [x + 0.5]] : [x] },
      }),
    ),
  )
  for (const [x, { status, json }] of answers.entries()) {
    assert.equal(status, 200)
    const expected = x % 3 === 0 ? [1000 + x, 1000.5 + x] : 1000 + x
    assert.deepEqual(predictionOf(json), expected)
  }
  const after = await counts(server, 'heavy')
  assert.equal(after.rows - before.rows, 64 + 22)
  assert.ok(after.runs - before.runs < 64, `${after.runs - before.runs} runs for 64 requests`)
})

test('of requests that come together, only the one that the model does not like fails', async (t) => {
  const server = await serve(t, { 'square.onnx': squareModel(100) })
  for (let round = 0; round < 20; round++) {
    const bad = round % 8
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, place) =>
        server.ask({
          path: '/predict/square',
          body: { features: [place === bad ? 1_000_000 : place + round] },
        }),
      ),
    )
    for (const [place, { status, json }] of answers.entries()) {
      if (place === bad) assert.equal(status, 422, JSON.stringify(json))
      else assert.deepEqual([status, predictionOf(json)], [200, (place + round) ** 2])
    }
  }
})

test('rows that are not the same together are never put together', async (t) => {
  const server = await serve(t, { 'centred.onnx': centredModel() })
  const answers = await Promise.all(
    Array.from({ length: 32 }, (_, x) =>
      server.ask({ path: '/predict/centred', body: { features: [x] } }),
    ),
  )
  for (const { json } of answers) assert.equal(predictionOf(json), 0, 'the mean of one row is it')
})

test('a request that would be answered too late is refused at once, and told when to come', async (t) => {
  const server = await serve(t, { 'slow.onnx': slowModel() }, oneAtOnce)
  const turns = await turnsFor(server, 200)
  // what runs of it take is learned from runs of it
  for (let run = 0; run < 5; run++) await server.ask(slow(turns, run))
  const running = [1, 2, 3, 4, 5, 6].map((x) => server.ask(slow(turns, x)))
  await until(async () => (await waiting(server)) === 4, 'two are handed over and four wait')

  const began = performance.now()
  const headers = { 'x-request-timeout-ms': '400' }
  const { status, json, headers: told } = await server.ask({ ...slow(2, 7), headers })
  assert.ok(performance.now() - began < 350, 'before its time is over')
  assert.equal(status, 504)
  assert.match(
    String(json?.detail),
    /^an answer of "slow" would take about \d+ ms now, and there are \d+ ms$/,
  )
  assert.match(String(told['retry-after']), /^[1-9]\d*$/)
  for (const answer of running) assert.equal((await answer).status, 200)
})

test('a model with an objective refuses what it could not answer in time, and answers the rest in time', async (t) => {
  const server = await serve(
    t,
    { 'slow/model.yaml': 'slo: {p99Ms: 1000}', 'slow/model.onnx': slowModel() },
    oneAtOnce,
  )
  const turns = await turnsFor(server, 100)
  for (let run = 0; run < 5; run++) await server.ask(slow(turns, run))
  const began = performance.now()
  const asked = await Promise.all(
    Array.from({ length: 40 }, async (_, x) => {
      const { status } = await server.ask(slow(turns, x))
      return { status, ms: performance.now() - began }
    }),
  )
  const refused = asked.filter(({ status }) => status === 504)
  const answered = asked.filter(({ status }) => status === 200)
  assert.equal(refused.length + answered.length, 40)
  assert.ok(answered.length >= 3, `${answered.length} were answered`)
  assert.ok(refused.length >= 10, `${refused.length} were refused`)
  const soonest = Math.min(...refused.map(({ ms }) => ms))
  assert.ok(soonest < Math.min(...answered.map(({ ms }) => ms)), 'nobody waits for a refusal')
})

test('a model that is asked far too much keeps no other from its answers', async (t) => {
  const server = await serve(
    t,
    { 'slow.onnx': slowModel(), 'plus.onnx': heavyModel(3, 2 ** 20) },
    oneAtOnce,
  )
  const turns = await turnsFor(server, 50)
  for (let run = 0; run < 4; run++) await server.ask(slow(turns, run))
  let open = 60
  const hot = Array.from({ length: 60 }, async (_, x) => {
    const { status } = await server.ask(slow(turns, x))
    open -= 1
    assert.equal(status, 200)
  })
  await until(async () => (await waiting(server)) > 50, 'many wait')
  for (let x = 0; x < 10; x++) {
    const before = open
    const { json } = await server.ask({ path: '/predict/plus', body: { features: [x] } })
    assert.equal(predictionOf(json), x + 3)
    // what is handed over when it comes is before it, and what follows it takes turns with it
    assert.ok(before - open <= 4, `${before - open} runs of the other went before it`)
  }
  assert.ok(open > 0, 'the other is still at it')
  await Promise.all(hot)
})

test('a client that leaves takes its request out of a run that others share', async (t) => {
  const server = await serve(
    t,
    { 'slow.onnx': slowModel(), 'plus.onnx': plusModel(5) },
    'onnx: { executors: 1 }',
  )
  const client = new AbortController()
  const blocking = await occupy(server, endless, client.signal)
  // run on the loop, so that nothing of it waits behind what runs in the thread
  const { json } = await server.ask({ path: '/predict/plus', body: { features: [1] } })
  assert.equal(predictionOf(json), 6)
  client.abort()
  await Promise.all(blocking)
  assert.deepEqual((await server.ask(slow(2, 6.5))).json?.prediction, [6.5])
})

const oneAtOnce = 'onnx: { executors: 1 }'

const predictionOf = (json: Readonly<Record<string, unknown>> | undefined) => json?.prediction

async function counts(server: Server, model: string) {
  return {
    rows: await server.metric('nv_inference_count', model),
    runs: await server.metric('nv_inference_exec_count', model),
  }
}

async function serve(
  t: TestContext,
  files: Readonly<Record<string, Uint8Array | string>>,
  yaml = '',
): Promise<Server> {
  const server = await startServer([modelFolder(files)], { yaml })
  t.after(() => server.process.end('SIGKILL'))
  return server
}

test('clients that come again at once when they are refused do not keep a server down', async (t) => {
  const server = await serve(
    t,
    { 'slow/model.yaml': 'slo: {p99Ms: 300}', 'slow/model.onnx': slowModel() },
    oneAtOnce,
  )
  const turns = await turnsFor(server, 40)
  for (let run = 0; run < 5; run++) await server.ask(slow(turns, run))
  let storm = true
  const counts = { answered: 0, refused: 0 }
  const clients = Array.from({ length: 20 }, async (_, x) => {
    while (storm) {
      const { status } = await server.ask(slow(turns, x))
      assert.ok(status === 200 || status === 504, `${status}`)
      counts[status === 200 ? 'answered' : 'refused'] += 1
    }
  })
  await until(async () => counts.refused > 300, 'a storm')
  assert.ok(counts.answered > 0, 'some are answered all the while')
  storm = false
  await Promise.all(clients)
  for (let x = 0; x < 5; x++) assert.equal((await server.ask(slow(turns, x))).status, 200)
  assert.equal(await waiting(server), 0)
})

test('a request that is more urgent is served before those that came before it', async (t) => {
  const server = await serve(
    t,
    {
      'slow/model.yaml': 'queue: {priorities: {levels: 2, default: 2}}',
      'slow/model.onnx': slowModel(),
    },
    oneAtOnce,
  )
  const client = new AbortController()
  const blocking = await occupy(server, endless, client.signal)
  const done: string[] = []
  const ask = async (name: string, priority: number) => {
    const inputs = [
      { name: 'n', datatype: 'INT64', shape: [1], data: [2] },
      { name: 'x', datatype: 'FP32', shape: [1], data: [1] },
    ]
    const body = { inputs, parameters: { priority } }
    const { status } = await server.ask({ path: '/v2/models/slow/infer', body })
    assert.equal(status, 200)
    done.push(name)
  }
  const usual = ['a', 'b', 'c'].map((name) => ask(name, 0))
  await until(async () => (await waiting(server)) === 4, 'three wait behind those that run')
  const urgent = ask('urgent', 1)
  await until(async () => (await waiting(server)) === 5, 'and one more')
  client.abort()
  await Promise.all([...blocking, ...usual, urgent])
  assert.equal(done[0], 'urgent')
})

test('a request that waits longer than it allows is refused, and told so in Triton’s status', async (t) => {
  const server = await serve(t, { 'slow.onnx': slowModel() }, oneAtOnce)
  const client = new AbortController()
  const blocking = await occupy(server, endless, client.signal)
  const inputs = [
    { name: 'n', datatype: 'INT64', shape: [1], data: [2] },
    { name: 'x', datatype: 'FP32', shape: [1], data: [1] },
  ]
  const body = { inputs, parameters: { timeout: 50_000 } }
  const { status, text } = await server.ask({ path: '/v2/models/slow/infer', body })
  assert.equal(status, 503)
  assert.match(text, /waited \d+ ms for \\"slow\\"/)
  client.abort()
  await Promise.all(blocking)
})
