import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { defaultModelConfig } from '../../config/index.ts'
import type { ServingError } from '../../errors.ts'
import { Ledger } from './ledger.ts'
import type { LoadedModel } from './load-job.ts'
import { LoadThreads } from './load-threads.ts'

const reason = new Error('no longer wanted')

test('a load is answered by a thread that is kept for the next', async (t) => {
  const { threads, ledger } = setUp(t)
  threads.prepare()
  assert.equal((await threads.load(source('answer'))).session, 7n)
  assert.equal((await threads.load(source('answer'))).session, 7n)
  assert.equal(await threads.estimate('any'), 1234)
  assert.equal(threads.size, 1)
  assert.equal(ledger.alive('session'), 2)
})

test('as many load at once as are asked for', async (t) => {
  const { threads, open } = setUp(t)
  const loads = [1, 2, 3].map(() => threads.load(source('wait')))
  assert.equal(threads.size, 3)
  open()
  assert.deepEqual(
    (await Promise.all(loads)).map(({ session }) => session),
    [8n, 8n, 8n],
  )
})

test('a load that hangs is given up at once, and the next goes to another thread', async (t) => {
  const { threads, ledger, released, open, begun } = setUp(t, { most: 2 })
  const giveUp = new AbortController()
  const hanging = threads.load(source('wait'), giveUp.signal)
  await begun(1)
  giveUp.abort(reason)
  await assert.rejects(hanging, reason)
  assert.equal((await threads.load(source('answer'))).session, 7n)
  assert.equal(threads.size, 2)
  assert.deepEqual(released, [])
  assert.equal(ledger.alive('session'), 1, 'what hangs has made nothing yet')

  open()
  await until(() => released.length === 1)
  assert.deepEqual(released, [8n])
  assert.equal(ledger.alive('session'), 1)
  await until(() => threads.size === 1)
})

test('closing waits for a thread that was left behind, and for its session', async (t) => {
  const { threads, ledger, released, open, begun } = setUp(t)
  const giveUp = new AbortController()
  const hanging = threads.load(source('wait'), giveUp.signal)
  await begun(1)
  giveUp.abort(reason)
  await assert.rejects(hanging, reason)
  let closed = false
  const closing = threads.close().then(() => {
    closed = true
  })
  for (let turn = 0; turn < 20; turn++) await nextTurn()
  assert.equal(closed, false)
  open()
  await closing
  assert.deepEqual(released, [8n])
  assert.equal(ledger.alive('session'), 0)
  assert.equal(threads.size, 0)
})

test('a load that fails after it was given up leaves nothing', async (t) => {
  const { threads, released, open, begun } = setUp(t)
  const giveUp = new AbortController()
  const hanging = threads.load(source('wait, then fail'), giveUp.signal)
  await begun(1)
  giveUp.abort(reason)
  await assert.rejects(hanging, reason)
  open()
  assert.equal((await threads.load(source('answer'))).session, 7n)
  await threads.close()
  assert.deepEqual(released, [])
})

for (const how of ['exit', 'throw']) {
  test(`a thread that dies fails its load and is replaced: ${how}`, async (t) => {
    const { threads } = setUp(t, { most: 1 })
    const waiting = threads.load(source(how))
    const behind = threads.load(source('answer'))
    await assert.rejects(waiting, (thrown: ServingError) => {
      assert.equal(thrown.reason, 'MODEL_UNREADABLE')
      assert.match(thrown.message, how === 'exit' ? /exit code 3/ : /a fault of its own/)
      return true
    })
    assert.equal((await behind).session, 7n)
    await until(() => threads.size === 1)
  })
}

test('what a thread refuses is refused with its reason and its facts', async (t) => {
  const { threads } = setUp(t)
  await assert.rejects(threads.load(source('refuse')), (thrown: ServingError) => {
    assert.equal(thrown.reason, 'DIGEST_MISMATCH')
    assert.deepEqual(thrown.facts, { file: 'm.onnx', expected: 'a', got: 'b' })
    assert.match(thrown.message, /m.onnx is not what sluice.lock says/)
    assert.ok(thrown.cause instanceof Error)
    return true
  })
})

test('more than a few wait for a thread, and one that is given up meanwhile is not begun', async (t) => {
  const { threads, open, begun } = setUp(t, { most: 2 })
  const giveUp = new AbortController()
  const first = [threads.load(source('wait')), threads.load(source('wait'))]
  const left = threads.load(source('wait'), giveUp.signal)
  const last = threads.load(source('wait'))
  await begun(2)
  giveUp.abort(reason)
  await assert.rejects(left, reason)
  open()
  await Promise.all([...first, last])
  assert.equal(threads.size, 2)
  await begun(3)
})

test('threads that were left behind count, so that what hangs does not fill the memory', async (t) => {
  const { threads, open, begun } = setUp(t, { most: 2 })
  const giveUp = new AbortController()
  const hanging = [1, 2].map(() => threads.load(source('wait'), giveUp.signal))
  await begun(2)
  giveUp.abort(reason)
  for (const each of hanging) await assert.rejects(each, reason)
  const next = threads.load(source('answer'))
  assert.equal(threads.size, 2)
  open()
  assert.equal((await next).session, 7n)
})

test('a load that is given up before it is asked is not begun', async (t) => {
  const { threads } = setUp(t)
  await assert.rejects(threads.load(source('answer'), AbortSignal.abort(reason)), reason)
  assert.equal(threads.size, 0)
})

test('a model that starts threads is loaded at the usual priority, others at a low one', async (t) => {
  const { threads } = setUp(t)
  const { session: low } = await threads.load(source('priority'))
  const ownPool = { ...defaultModelConfig.onnx, intraOpThreads: 2 }
  const gpu = { ...defaultModelConfig.onnx, providers: [{ name: 'CUDA', options: {} }] }
  const cpu = { ...defaultModelConfig.onnx, providers: [{ name: 'cpu', options: {} }] }
  const sessions: bigint[] = []
  for (const config of [ownPool, gpu, cpu]) {
    sessions.push((await threads.load({ ...source('priority'), config })).session)
  }
  assert.deepEqual([low, ...sessions], [10n, 0n, 0n, 10n])
  assert.equal(threads.size, 2)
})

test('threads that nobody needs end after a while', async (t) => {
  const { threads } = setUp(t, { keepMs: 1 })
  threads.prepare()
  await threads.load(source('answer'))
  await until(() => threads.size === 0)
  assert.equal((await threads.load(source('answer'))).session, 7n)
})

/** Does in a thread what the path of the model says. */
const farSide = `
import { parentPort, workerData } from 'node:worker_threads'
const { gate, priority } = workerData
const kinds = ${JSON.stringify(new Ledger().take())}
parentPort.on('message', (job) => {
  if (job.kind === 'end') return parentPort.close()
  if (job.kind === 'estimate') {
    return parentPort.postMessage({ counts: kinds, outcome: { kind: 'estimated', bytes: 1234 } })
  }
  const { path } = job.source
  Atomics.add(gate, 1, 1)
  if (path.startsWith('wait')) Atomics.wait(gate, 0, 0)
  if (path === 'exit') process.exit(3)
  if (path === 'throw') throw new Error('a fault of its own')
  if (path === 'refuse' || path.endsWith('fail')) {
    const facts = { file: 'm.onnx', expected: 'a', got: 'b' }
    const outcome = { kind: 'failed', reason: 'DIGEST_MISMATCH', facts, cause: new Error('why') }
    return parentPort.postMessage({ counts: kinds, outcome })
  }
  const priorities = { low: 10n, usual: 0n }
  const session = path === 'priority' ? priorities[priority] : path === 'answer' ? 7n : 8n
  const counts = { ...kinds, made: { ...kinds.made, session: 1 } }
  parentPort.postMessage({ counts, outcome: { kind: 'loaded', model: { session } } })
})
`

function setUp(t: TestContext, options: { most?: number; keepMs?: number } = {}) {
  const gate = new Int32Array(new SharedArrayBuffer(8))
  const ledger = new Ledger()
  const released: bigint[] = []
  const data = { library: 'none', gate }
  const threads = new LoadThreads({
    data,
    counted: (counts) => ledger.add(counts),
    release: async ({ session }: LoadedModel) => {
      released.push(session)
      ledger.released('session')
    },
    module: new URL(`data:text/javascript,${encodeURIComponent(farSide)}`),
    ...options,
  })
  const open = () => {
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
  }
  t.after(async () => {
    open()
    await threads.close()
    assert.equal(threads.size, 0)
  })
  /** So many loads have come to the threads. */
  const begun = (count: number) => until(() => Atomics.load(gate, 1) === count)
  return { threads, ledger, released, open, begun }
}

const source = (path: string) => ({
  folder: '',
  path,
  config: defaultModelConfig.onnx,
  threads: 1,
  environment: 0n,
})

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await nextTurn()
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))
