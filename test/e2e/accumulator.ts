/** A model that adds up along a sequence, its configurations, and clients of it. */
import assert from 'node:assert/strict'
import { modelOf, nodeOf, rawTensor, tensorInfo } from '../../src/onnx/testing.ts'
import type { Answer } from './ask.ts'
import type { Server } from './server.ts'

/**
 * `y` is `x`, the sum so far and `more`; `told` is 1 for the start, 2 for the end and 4 for a row with
 * a request, all that hold; `id` comes back as it was told.
 */
export const accumulatorModel = (more = 0, idType: 'UINT64' | 'BYTES' = 'UINT64'): Uint8Array =>
  modelOf({
    node: [
      nodeOf('Sum', ['x', 'sum', 'more'], ['y']),
      nodeOf('Identity', ['y'], ['sum_out']),
      nodeOf('Mul', ['END', 'two'], ['end']),
      nodeOf('Mul', ['READY', 'four'], ['ready']),
      nodeOf('Add', ['START', 'end'], ['start_end']),
      nodeOf('Add', ['start_end', 'ready'], ['told']),
      nodeOf('Identity', ['ID'], ['id']),
    ],
    initializer: [
      rawTensor('more', 'FP32', [1], new Uint8Array(Float32Array.of(more).buffer)),
      rawTensor('two', 'INT32', [1], new Uint8Array(Int32Array.of(2).buffer)),
      rawTensor('four', 'INT32', [1], new Uint8Array(Int32Array.of(4).buffer)),
    ],
    input: [
      ...['x', 'sum'].map((name) => tensorInfo(name, 'FP32', ['batch', 1])),
      ...['START', 'END', 'READY'].map((name) => tensorInfo(name, 'INT32', ['batch', 1])),
      tensorInfo('ID', idType, ['batch', 1]),
    ],
    output: [
      tensorInfo('y', 'FP32', ['batch', 1]),
      tensorInfo('told', 'INT32', ['batch', 1]),
      tensorInfo('id', idType, ['batch', 1]),
      tensorInfo('sum_out', 'FP32', ['batch', 1]),
    ],
  })

/** As somebody who comes from Triton has it. */
export const accumulatorPbtxt = (batching: string): string => `
  name: "accumulator"
  backend: "onnxruntime"
  max_batch_size: 8
  input { name: "x" data_type: TYPE_FP32 dims: 1 }
  output { name: "y" data_type: TYPE_FP32 dims: 1 }
  output { name: "told" data_type: TYPE_INT32 dims: 1 }
  output { name: "id" data_type: TYPE_UINT64 dims: 1 }
  sequence_batching {
    ${batching}
    control_input { name: "START" control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } }
    control_input { name: "END" control { kind: CONTROL_SEQUENCE_END int32_false_true: [ 0, 1 ] } }
    control_input { name: "READY" control { kind: CONTROL_SEQUENCE_READY int32_false_true: [ 0, 1 ] } }
    control_input { name: "ID" control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 } }
    state {
      input_name: "sum" output_name: "sum_out" data_type: TYPE_FP32 dims: 1
      initial_state { name: "zero" data_type: TYPE_FP32 dims: 1 zero_data: true }
    }
  }`

export type Flags = '' | 's' | 'e' | 'se'

/** One request of a sequence; `s` starts it, `e` ends it. */
export function step(
  server: Server,
  id: number | string,
  flags: Flags,
  x: number,
  path = '/v2/models/accumulator/infer',
): Promise<Answer> {
  const parameters = {
    sequence_id: id,
    sequence_start: flags.includes('s'),
    sequence_end: flags.includes('e'),
  }
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [x] }]
  return server.ask({ path, body: { inputs, parameters } })
}

/** The values of an answer by the names of its outputs, and who gave it. */
export function told(answer: Answer): Readonly<Record<string, unknown>> {
  assert.equal(answer.status, 200, answer.text)
  const outputs = answer.json?.outputs as { name: string; data: unknown[] }[]
  const values = outputs.map(({ name, data }) => [name, data[0]] as const)
  return { version: answer.json?.model_version, ...Object.fromEntries(values) }
}

export const sumOf = async (answer: Promise<Answer>): Promise<unknown> => told(await answer).y
