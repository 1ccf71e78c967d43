/**
 * Inference responses in JSON, with raw bytes behind it for the outputs wanted that way.
 * Source: Open Inference Protocol, "Inference Response JSON Object"; Triton's binary data extension.
 */
import type { InferenceResponse } from '../../../predictor.ts'
import { binaryOf, elementsToJson, type NamedTensor } from '../../../tensor/index.ts'

export interface EncodedResponse {
  readonly bytes: Uint8Array
  /** How many of the bytes are JSON; undefined when all are. */
  readonly headerLength: number | undefined
}

export function encodeInference(
  { model, version, outputs }: InferenceResponse,
  id: string | undefined,
  wantsBinary: (output: string) => boolean,
): EncodedResponse {
  const raw: Uint8Array[] = []
  const described = outputs.map((output) => {
    if (!wantsBinary(output.name))
      return describe(output, `"data":[${elementsToJson(output.tensor)}]`)
    const bytes = binaryOf(output.tensor)
    raw.push(bytes)
    return describe(output, `"parameters":{"binary_data_size":${bytes.byteLength}}`)
  })
  const idMember = id === undefined || id === '' ? '' : `"id":${JSON.stringify(id)},`
  const names = `"model_name":${JSON.stringify(model)},"model_version":${JSON.stringify(version)}`
  const json = Buffer.from(`{${idMember}${names},"outputs":[${described.join(',')}]}`)
  if (raw.length === 0) return { bytes: json, headerLength: undefined }
  return { bytes: Buffer.concat([json, ...raw]), headerLength: json.byteLength }
}

function describe({ name, tensor: { datatype, shape } }: NamedTensor, data: string): string {
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}],${data}}`
}
