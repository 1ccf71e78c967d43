/**
 * Inference responses in JSON, with raw bytes behind it for the outputs wanted that way.
 * Source: Open Inference Protocol, "Inference Response JSON Object"; Triton's binary data extension.
 */
import type { InferenceResponse } from '../../../predictor.ts'
import { binaryOf, elementsToJson, type NamedTensor } from '../../../tensor/index.ts'
import { quotedName } from '../../json/index.ts'

export interface EncodedResponse {
  readonly json: string
  /** All of the body, where raw outputs follow the JSON. */
  readonly binary?: { readonly bytes: Uint8Array; readonly headerLength: number }
}

export function encodeInference(
  { model, version, outputs }: InferenceResponse,
  id: string | undefined,
  wantsBinary: (output: string) => boolean,
): EncodedResponse {
  const raw: Uint8Array[] = []
  let described = ''
  for (const output of outputs) {
    if (described !== '') described += ','
    if (wantsBinary(output.name)) {
      const bytes = binaryOf(output.tensor)
      raw.push(bytes)
      described += describe(output, `"parameters":{"binary_data_size":${bytes.byteLength}}`)
    } else {
      described += describe(output, `"data":[${elementsToJson(output.tensor)}]`)
    }
  }
  const idMember = id === undefined || id === '' ? '' : `"id":${JSON.stringify(id)},`
  const names = `"model_name":${quotedName(model)},"model_version":${quotedName(version)}`
  const json = `{${idMember}${names},"outputs":[${described}]}`
  return raw.length === 0 ? { json } : { json, binary: joined(json, raw) }
}

function joined(json: string, raw: readonly Uint8Array[]) {
  const headerLength = Buffer.byteLength(json)
  const length = raw.reduce((sum, { byteLength }) => sum + byteLength, headerLength)
  const bytes = Buffer.allocUnsafe(length)
  bytes.write(json)
  let at = headerLength
  for (const part of raw) {
    bytes.set(part, at)
    at += part.byteLength
  }
  return { bytes, headerLength }
}

function describe({ name, tensor: { datatype, shape } }: NamedTensor, data: string): string {
  const [rows, columns] = shape
  // by far the most; `join` takes longer than all the rest
  const sizes = shape.length === 2 ? `${rows},${columns}` : shape.join(',')
  return `{"name":${quotedName(name)},"datatype":"${datatype}","shape":[${sizes}],${data}}`
}
