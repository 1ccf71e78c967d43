/** What the two forms of the Open Inference Protocol have in common: paths and answers. */
import {
  type Datatype,
  isDatatype,
  type NamedTensor,
  type Shape,
  tensorFromBytes,
  tensorFromFlat,
} from '../../tensor/index.ts'
import { jsonOf } from './json-body.ts'
import { tensorTree } from './tensor-tree.ts'

export function oipPath(model: string, version: string | undefined): string {
  const versioned = version === undefined ? '' : `/versions/${encodeURIComponent(version)}`
  return `v2/models/${encodeURIComponent(model)}${versioned}`
}

/** The outputs by their names. Throws where a part is missing or its bytes do not fit its shape. */
export function readOipAnswer(body: Uint8Array, headerLength: number | undefined): unknown {
  const { outputs } = jsonOf(headerLength === undefined ? body : body.subarray(0, headerLength))
  if (!Array.isArray(outputs)) throw new Error('the answer has no outputs')
  let at = headerLength ?? body.byteLength
  const tensors = (outputs as readonly Output[]).map((output): NamedTensor => {
    const { name, datatype, shape, data, parameters } = output
    if (typeof name !== 'string' || !isDatatype(`${datatype}`) || !Array.isArray(shape)) {
      throw new Error('an output has no name, no datatype that is known, or no shape')
    }
    const type = datatype as Datatype
    const axes = shape.map(Number) as Shape
    const size = parameters?.binary_data_size
    if (size === undefined) {
      const source = { name, datatype: type, path: [] }
      return { name, tensor: tensorFromFlat(source, data, axes) }
    }
    at += Number(size)
    const bytes = body.subarray(at - Number(size), at)
    return { name, tensor: tensorFromBytes(name, type, axes, bytes) }
  })
  return tensorTree(tensors)
}

/** The `error` of a refusal, which some servers nest or call `detail`. */
export function oipReason(bytes: Uint8Array): string | undefined {
  try {
    const { error, detail, message } = jsonOf(bytes)
    const words = [error, detail, message].find((value) => typeof value === 'string')
    return words === undefined ? undefined : String(words).slice(0, 120)
  } catch {
    return undefined
  }
}

interface Output {
  readonly name?: unknown
  readonly datatype?: unknown
  readonly shape?: unknown
  readonly data?: unknown
  readonly parameters?: { readonly binary_data_size?: unknown }
}
