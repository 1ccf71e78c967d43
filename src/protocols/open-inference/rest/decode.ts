/**
 * Inference requests in JSON with, perhaps, binary tensors behind it.
 * Source: Open Inference Protocol, "Inference Request JSON Object"; Triton's binary data extension.
 */

import type { Scheduling } from '../../../call.ts'
import { fail } from '../../../errors.ts'
import type { InferenceRequest } from '../../../predictor.ts'
import {
  DATATYPES,
  type Datatype,
  elementCount,
  formatShape,
  isDatatype,
  layoutOf,
  type NamedTensor,
  type Shape,
  tensorFromBytes,
  tensorFromFlat,
} from '../../../tensor/index.ts'
import { decodeJsonBody } from '../../json/index.ts'
import type { WantedClasses } from '../classification.ts'
import {
  array,
  count,
  describe,
  isObject,
  type JsonObject,
  object,
  optionalString,
  parameterOf,
  string,
  wrongType,
} from './members.ts'
import { schedulingOf } from './scheduling.ts'

export interface OpenInferenceRequest {
  readonly id: string | undefined
  readonly request: InferenceRequest
  /** Undefined where the request says nothing of it. */
  readonly scheduling: Scheduling | undefined
  /** Whether the client wants this output as raw bytes. */
  readonly wantsBinary: (output: string) => boolean
  /** Outputs that are wanted as rankings. */
  readonly classes?: WantedClasses
}

/** `headerLength` bytes of the body are JSON; all of it where that is not said. */
export function decodeInference(
  bytes: Uint8Array,
  headerLength: string | undefined,
): OpenInferenceRequest {
  const length = jsonLength(bytes.byteLength, headerLength)
  const raw = new RawTensors(bytes.subarray(length))
  return decodeJsonBody(bytes.subarray(0, length), (body) => {
    raw.rewind() // decoding is done again where integers need all their digits
    const { id, inputs, outputs, parameters } = bodyOf(body)
    const given = array(inputs, 'inputs')
    const request = { inputs: given.map((input, index) => decodeInput(input, index, raw)) }
    raw.finish()
    const binaryByDefault = parameterOf(parameters, 'binary_data_output') === true
    return {
      id: optionalString(id, 'id'),
      ...decodeOutputs(outputs, request, binaryByDefault),
      scheduling:
        parameters === undefined ? undefined : schedulingOf(object(parameters, 'parameters')),
    }
  })
}

function decodeOutputs(outputs: unknown, request: InferenceRequest, binaryByDefault: boolean) {
  if (outputs === undefined || (Array.isArray(outputs) && outputs.length === 0)) {
    return { request, wantsBinary: () => binaryByDefault }
  }
  const wanted = array(outputs, 'outputs').map((output, index) => {
    const place = `outputs[${index}]`
    const { name, parameters } = object(output, place)
    if (parameterOf(parameters, 'shared_memory_region') !== undefined) {
      throw fail('NOT_BUILT', { what: 'the output parameter "shared_memory_region"' })
    }
    const ranked = parameterOf(parameters, 'classification')
    return {
      name: string(name, `${place}.name`),
      binary: parameterOf(parameters, 'binary_data') === true,
      classes: count(ranked, `${place}.parameters.classification`),
    }
  })
  const binary = new Set(wanted.filter((output) => output.binary).map(({ name }) => name))
  const ranked = wanted.filter(({ classes }) => classes > 0)
  return {
    request: { ...request, outputs: wanted.map(({ name }) => name) },
    wantsBinary: (output: string) => binary.has(output),
    ...(ranked.length > 0 && {
      classes: new Map(ranked.map(({ name, classes }) => [name, classes])),
    }),
  }
}

function decodeInput(value: unknown, index: number, raw: RawTensors): NamedTensor {
  const place = `inputs[${index}]`
  const input = object(value, place)
  const name = string(input.name, `${place}.name`)
  const datatype = datatypeOf(input.datatype, `${place}.datatype`)
  const shape = shapeOf(input.shape, `${place}.shape`)
  const count = elementCount(name, shape)
  const size = parameterOf(input.parameters, 'binary_data_size')
  if (parameterOf(input.parameters, 'shared_memory_region') !== undefined) {
    throw fail('NOT_BUILT', { what: 'shared memory' })
  }
  if ((size === undefined) === (input.data === undefined)) {
    throw fail('BODY_MALFORMED', {
      problem: `input "${name}" must have one of "data" and the parameter "binary_data_size", got ${size === undefined ? 'neither' : 'both'}`,
    })
  }
  if (size === undefined) {
    const source = { name, datatype, path: ['inputs', index, 'data'] }
    return { name, tensor: tensorFromFlat(source, input.data, shape) }
  }
  if (!Number.isSafeInteger(size) || (size as number) < 0) {
    throw wrongType(`${place}.parameters.binary_data_size`, 'a number of bytes', size)
  }
  const bytes = raw.take(name, size as number, expectedBytes(datatype, shape, count))
  return { name, tensor: tensorFromBytes(name, datatype, shape, bytes) }
}

/** The binary part of a body: tensors one after another, in the order of their inputs. */
class RawTensors {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  rewind(): void {
    this.#at = 0
  }

  take(name: string, size: number, expected: string): Uint8Array {
    const left = this.#bytes.byteLength - this.#at
    if (size > left) {
      throw fail('COUNT_MISMATCH', {
        input: name,
        expected,
        got: `a binary_data_size of ${size}, but only ${left} bytes are left in the body`,
      })
    }
    this.#at += size
    return this.#bytes.subarray(this.#at - size, this.#at)
  }

  finish(): void {
    const left = this.#bytes.byteLength - this.#at
    if (left > 0) {
      throw fail('BODY_MALFORMED', {
        problem: `${left} bytes follow the tensors, expected none`,
        hint: 'the sum of all binary_data_size is the length of the body after its JSON',
      })
    }
  }
}

function expectedBytes(datatype: Datatype, shape: Shape, count: number): string {
  if (datatype === 'BYTES') return `the bytes of ${count} strings`
  return `${count * layoutOf(datatype).size} bytes for shape ${formatShape(shape)} of ${datatype}`
}

/** The header that says how many bytes of a body are JSON, as a number; NaN where it is none. */
export const readHeaderLength = (header: string): number =>
  /^\d{1,15}$/.test(header) ? Number(header) : Number.NaN

function jsonLength(total: number, header: string | undefined): number {
  if (header === undefined) return total
  const length = readHeaderLength(header)
  if (length > 0 && length <= total) return length
  throw fail('PARAMETER_INVALID', {
    parameter: 'inference-header-content-length',
    expected: `a number of bytes from 1 to ${total}, the size of the body`,
    got: header.slice(0, 40),
  })
}

function datatypeOf(value: unknown, place: string): Datatype {
  const text = string(value, place)
  if (isDatatype(text)) return text
  throw wrongType(place, `one of ${DATATYPES.join(', ')}`, value)
}

/** Numbers, which are held against the rules of shapes later. */
function shapeOf(value: unknown, place: string): Shape {
  const axes = array(value, place)
  const wrong = axes.findIndex((axis) => typeof axis !== 'number' && typeof axis !== 'bigint')
  if (wrong === -1) return axes as Shape
  throw wrongType(`${place}[${wrong}]`, 'a number', axes[wrong])
}

function bodyOf(value: unknown): JsonObject {
  if (isObject(value)) return value
  throw fail('BODY_MALFORMED', {
    problem: `the body must be an object, got ${describe(value).slice(0, 60)}`,
  })
}
