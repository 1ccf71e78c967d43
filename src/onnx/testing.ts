/** Tiny models for tests, built by the protobuf code itself. Returns the bytes of model files. */
import {
  create,
  type DescMessage,
  type Message,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf'
import type { Datatype } from '../tensor/index.ts'
import { elementTypeOf } from './element-type.ts'
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProtoSchema,
  TensorProto_DataLocation as Location,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorProto_DataType as Type,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './generated/onnx-ml_pb.ts'
import { tensorInfo } from './value-info.ts'

export { Type, tensorInfo }

/** Sizes; a negative one is dynamic, a name is a named dynamic one. */
export type Dims = readonly (number | bigint | string)[]

type Init<S extends DescMessage> = Exclude<MessageInitShape<S>, Message>

/** Any model: a graph, and what is around it. Opset 17 and IR 8 unless told otherwise. */
export function modelOf(
  graph: Init<typeof GraphProtoSchema>,
  around: Init<typeof ModelProtoSchema> = {},
): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [
      { domain: '', version: 17n },
      { domain: 'ai.onnx.ml', version: 3n },
    ],
    graph: { name: 'test', ...graph },
    ...around,
  })
  return toBinary(ModelProtoSchema, model)
}

/** One input `x` that comes back as `y`. */
export const identityModel = (type: Datatype | number, shape: Dims): Uint8Array =>
  modelOf({
    node: [nodeOf('Identity', ['x'], ['y'])],
    input: [tensorInfo('x', type, shape)],
    output: [tensorInfo('y', type, shape)],
  })

/** `sum` of `a` and `b`. */
export const addModel = (type: Datatype, shape: Dims): Uint8Array =>
  modelOf({
    node: [nodeOf('Add', ['a', 'b'], ['sum'])],
    input: [tensorInfo('a', type, shape), tensorInfo('b', type, shape)],
    output: [tensorInfo('sum', type, shape)],
  })

/**
 * A linear classifier of two features as skl2onnx writes it: `label` and `probabilities`, the last
 * behind a ZipMap. Class k wins where x[0] * k + x[1] is greatest.
 */
export function zipMapModel(
  labels: readonly string[] | readonly number[],
  more: { readonly scoresUsedElsewhere?: boolean } = {},
): Uint8Array {
  const strings = typeof labels[0] === 'string'
  const names = strings
    ? attribute('classlabels_strings', labels)
    : attribute('classlabels_int64s', labels)
  const own = strings
    ? attribute('classlabels_strings', labels)
    : attribute('classlabels_ints', labels)
  const scores = tensorInfo('copy', 'FP32', ['batch', labels.length])
  return modelOf({
    node: [
      nodeOf(
        'LinearClassifier',
        ['x'],
        ['label', 'scores'],
        [
          own,
          attribute(
            'coefficients',
            labels.flatMap((_, k) => [k + 0.5, 1.5]),
          ),
          attribute(
            'intercepts',
            labels.map((_, k) => 0.25 * k),
          ),
        ],
        'ai.onnx.ml',
      ),
      nodeOf('ZipMap', ['scores'], ['probabilities'], [names], 'ai.onnx.ml'),
      ...(more.scoresUsedElsewhere ? [nodeOf('Identity', ['scores'], ['copy'])] : []),
    ],
    input: [tensorInfo('x', 'FP32', ['batch', 2])],
    output: [
      tensorInfo('label', strings ? 'BYTES' : 'INT64', ['batch']),
      mapsInfo('probabilities', strings ? Type.STRING : Type.INT64),
      ...(more.scoresUsedElsewhere ? [scores] : []),
    ],
  })
}

/** sequence(map(key, float)). */
export const mapsInfo = (name: string, keyType: number): ValueInfoProto =>
  create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: 'sequenceType',
        value: {
          elemType: {
            value: {
              case: 'mapType',
              value: {
                keyType,
                valueType: { value: { case: 'tensorType', value: { elemType: Type.FLOAT } } },
              },
            },
          },
        },
      },
    },
  })

export const nodeOf = (
  opType: string,
  input: string[],
  output: string[],
  attributes: AttributeProto[] = [],
  domain = '',
): NodeProto => create(NodeProtoSchema, { opType, input, output, domain, attribute: attributes })

/** Strings, whole numbers where the name says labels or ints, otherwise floats. */
export function attribute(name: string, values: readonly (string | number)[]): AttributeProto {
  if (typeof values[0] === 'string') {
    const strings = values.map((value) => Buffer.from(String(value)))
    return create(AttributeProtoSchema, { name, type: AttributeType.STRINGS, strings })
  }
  if (/int/.test(name) && !/intercept/.test(name)) {
    const ints = values.map(BigInt)
    return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints })
  }
  return create(AttributeProtoSchema, {
    name,
    type: AttributeType.FLOATS,
    floats: values.map(Number),
  })
}

/** A weight whose bytes lie in another file. */
export function externalTensor(
  name: string,
  dims: readonly number[],
  entries: Readonly<Record<string, string>>,
): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: Type.FLOAT,
    dataLocation: Location.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  })
}

export const rawTensor = (
  name: string,
  type: Datatype,
  dims: readonly number[],
  rawData: Uint8Array,
): TensorProto =>
  create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: elementTypeOf(type),
    rawData,
  })
