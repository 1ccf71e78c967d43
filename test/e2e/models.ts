/** Models for the tests of the binary, in a folder that is removed at the end. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { create } from '@bufbuild/protobuf'
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  GraphProtoSchema,
} from '../../src/onnx/generated/onnx-ml_pb.ts'
import {
  addModel,
  identityModel,
  modelOf,
  nodeOf,
  rawTensor,
  tensorInfo,
} from '../../src/onnx/testing.ts'

/** Files by name, and the folder that holds them. */
export function modelFolder(files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-e2e-models-'))
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes)
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** `x` of any number of rows of three comes back as `y`. */
export const echoModel = (): Uint8Array => identityModel(1, ['batch', 3])

/** Whole numbers from 0 to 255, two a row. */
export const bytesModel = (): Uint8Array => identityModel(2, ['batch', 2])

/** `sum` of `a` and `b`. */
export const pairModel = (): Uint8Array => addModel('FP32', ['batch', 2])

/** `y` is `x` and a number more: which version answers can be told from the answer. */
export const plusModel = (more: number): Uint8Array =>
  modelOf({
    node: [nodeOf('Add', ['x', 'more'], ['y'])],
    initializer: [rawTensor('more', 'FP32', [1], new Uint8Array(Float32Array.of(more).buffer))],
    input: [tensorInfo('x', 'FP32', ['batch', 1])],
    output: [tensorInfo('y', 'FP32', ['batch', 1])],
  })

/** No model, and the same at every run. */
export const noise = (bytes: number): Buffer =>
  createHash('shake256', { outputLength: bytes }).digest()

/** `x` comes back after `n` turns of a loop, for an even `n`: as slow as the request wants it. */
export function slowModel(): Uint8Array {
  const body = create(GraphProtoSchema, {
    name: 'turn',
    node: [nodeOf('Identity', ['go'], ['goOn']), nodeOf('Neg', ['value'], ['turned'])],
    input: [
      tensorInfo('turn', 'INT64', []),
      tensorInfo('go', 'BOOL', []),
      tensorInfo('value', 'FP32', [1]),
    ],
    output: [tensorInfo('goOn', 'BOOL', []), tensorInfo('turned', 'FP32', [1])],
  })
  return modelOf({
    node: [nodeOf('Loop', ['n', '', 'x'], ['y'], [graphAttribute('body', body)])],
    input: [tensorInfo('n', 'INT64', [1]), tensorInfo('x', 'FP32', [1])],
    output: [tensorInfo('y', 'FP32', [1])],
  })
}

const graphAttribute = (name: string, g: GraphProto): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeType.GRAPH, g })
