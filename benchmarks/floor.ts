/**
 * The least that a server here can be: `node:http` and the same run threads, one queue, and nothing
 * else. No validation, limits, metrics or log. What it lacks to bare ONNX Runtime is the price of
 * HTTP and of a second thread on the machine; what the server lacks to it is the server's own.
 *
 *     node benchmarks/run.ts --workload W3,W2b --server benchmarks/floor.ts
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { Call } from '../src/call.ts'
import { defaultModelConfig } from '../src/config/index.ts'
import { OnnxRuntime } from '../src/runtime/onnx/index.ts'
import { bytesOf, type FixedTensor, tensorFromBytes } from '../src/tensor/index.ts'

const path = process.argv[3]!
const runtime = await OnnxRuntime.start({ threadsPerRun: 1, executors: 2 })
const source = {
  name: 'floor',
  version: '1',
  folder: dirname(path),
  path,
  config: defaultModelConfig,
}
const executable = await runtime.load(source)
const { name, datatype } = executable.signature.inputs[0]!
const outputs = executable.signature.outputs.map((output) => output.name)
const free = Array.from(
  { length: runtime.threads * runtime.placesPerThread },
  (_, place) => place % runtime.threads,
)
const waiting: ((thread: number) => Promise<void>)[] = []

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    waiting.push((thread) => answer(request, response, chunks, thread))
    next()
  })
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})
process.on('SIGTERM', () => process.exit(0))

function next(): void {
  while (free.length > 0 && waiting.length > 0) {
    const thread = free.shift()!
    void waiting.shift()!(thread).then(() => {
      free.push(thread)
      next()
    })
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  chunks: Buffer[],
  thread: number,
) {
  const headerLength = Number(request.headers['inference-header-content-length'])
  const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
  const { inputs } = JSON.parse(bytes.toString('utf8', 0, headerLength))
  const tensor = tensorFromBytes(name, datatype, inputs[0].shape, bytes.subarray(headerLength))
  const call = new Call({ requestId: '' })
  const result = await executable.run({ inputs: [{ name, tensor }], outputs }, call, thread)

  const described = result.outputs.map((output) => ({
    name: output.name,
    datatype: output.tensor.datatype,
    shape: output.tensor.shape,
    parameters: { binary_data_size: bytesOf(output.tensor as FixedTensor).byteLength },
  }))
  const json = Buffer.from(JSON.stringify({ model_name: 'floor', outputs: described }))
  const raw = result.outputs.map((output) => bytesOf(output.tensor as FixedTensor))
  response.setHeader('inference-header-content-length', json.byteLength)
  response.end(Buffer.concat([json, ...raw]))
}
