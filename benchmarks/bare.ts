/**
 * Bare ONNX Runtime, the JavaScript binding of `onnxruntime-node`: arguments and questions are those
 * of `bare.py`, with one argument more, the most concurrent runs that will be asked for.
 *
 * The binding blocks its thread while it runs, so each concurrent run has a worker thread and a
 * session of its own. Intra-op threads 1: no pool exists that could spin.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { quantile } from './statistics.ts'

interface Question {
  readonly threads?: number
  readonly seconds?: number
  readonly answers?: true
}

const [path = '', inputsPath = '', name = '', dtype, shapeText = '', most = '1'] =
  process.argv.slice(2)

if (isMainThread)
  await lead(
    Array.from(
      { length: Number(most) },
      () => new Worker(import.meta.filename, { argv: process.argv.slice(2) }),
    ),
  )
else await follow()

async function lead(workers: readonly Worker[]): Promise<void> {
  const heard = async (worker: Worker): Promise<unknown> => (await once(worker, 'message'))[0]
  const ask = (worker: Worker, question: Question) => {
    const answer = heard(worker)
    worker.postMessage(question)
    return answer
  }
  await Promise.all(workers.map(heard))
  console.log(JSON.stringify({ ready: true }))

  for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line) as Question
    if (question.answers) {
      console.log(JSON.stringify(await ask(workers[0]!, question)))
      continue
    }
    const start = performance.now()
    const chosen = workers.slice(0, question.threads)
    const times = (await Promise.all(chosen.map((w) => ask(w, question)))) as Float64Array[]
    const seconds = (performance.now() - start) / 1000
    const every = times.flatMap((mine) => [...mine])
    console.log(JSON.stringify({ requests: every.length, seconds, p50Ms: quantile(every, 0.5) }))
  }
  await Promise.all(workers.map((worker) => worker.terminate()))
}

async function follow(): Promise<void> {
  const port = parentPort!
  const session = await InferenceSession.create(path, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  })
  const feeds = inputs().map((data) => ({ [name]: data }))
  const output = session.outputNames[0]!
  port.on('message', async ({ seconds, answers }: Question) => {
    if (answers) {
      const results = []
      for (const feed of feeds) {
        const { data } = (await session.run(feed))[output]!
        results.push([...(data as Float32Array)])
      }
      port.postMessage(results)
      return
    }
    const times: number[] = []
    let before = performance.now()
    const end = before + seconds! * 1000
    while (before < end) {
      await session.run(feeds[times.length % feeds.length]!)
      const after = performance.now()
      times.push(after - before)
      before = after
    }
    port.postMessage(Float64Array.from(times))
  })
  port.postMessage('ready')
}

function inputs(): Tensor[] {
  const shape = shapeText.split(',').map(Number)
  const count = shape.reduce((a, b) => a * b, 1)
  const { buffer } = Uint8Array.from(readFileSync(inputsPath))
  const cut = <T extends { subarray(from: number, to: number): T; length: number }>(all: T) =>
    Array.from({ length: all.length / count }, (_, i) => all.subarray(i * count, (i + 1) * count))
  return dtype === 'int64'
    ? cut(new BigInt64Array(buffer)).map((data) => new Tensor('int64', data, shape))
    : cut(new Float32Array(buffer)).map((data) => new Tensor('float32', data, shape))
}
