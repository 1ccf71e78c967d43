/**
 * Which requests are the same: those whose keys are equal. Two requests have one key only if they
 * want the same outputs, in whatever order, and have the same inputs byte for byte: -0 is not 0, and
 * one NaN is not another.
 *
 * A key begins with what is no data, which tells how long each piece of data is; strings have their
 * lengths before them. The data of small requests follows as it is; of others, its SHA-256, of which
 * no two are known to be equal.
 */
import { createHash, hash } from 'node:crypto'
import type { InferenceRequest } from '../predictor.ts'
import type { Signature } from '../signature.ts'
import { binaryOf, type NamedTensor, sizeOf } from '../tensor/index.ts'

/** Undefined where a request is not as the signature says: what is checked always has a key. */
export type RequestKey = (request: InferenceRequest) => string | undefined

export function requestKeyOf(signature: Signature): RequestKey {
  const inputs = placesOf(signature.inputs)
  const outputs = placesOf(signature.outputs)

  return (request) => {
    const wanted = request.outputs === undefined ? '*' : wantedOf(request.outputs, outputs)
    if (wanted === undefined) return undefined
    let head = wanted
    let bytes = 0
    for (const { name, tensor } of request.inputs) {
      const place = inputs.get(name)
      if (place === undefined) return undefined
      const size = sizeOf(tensor)
      head += `;${place}:${tensor.datatype}[${tensor.shape.join()}]${size}`
      bytes += size
    }
    return bytes <= mostBytesInKey
      ? `${head}=${latin1Of(request.inputs)}`
      : `${head}#${digestOf(request.inputs)}`
  }
}

/**
 * Up to here a key of bytes takes 0.1 us and a digest 0.3 to 0.5; beyond, the bytes would still be
 * cheaper than their digest, but the cache would be full of keys.
 */
const mostBytesInKey = 256

const placesOf = (specs: readonly { readonly name: string }[]): ReadonlyMap<string, number> =>
  new Map(specs.map(({ name }, place) => [name, place]))

/** All outputs are the same however they are asked for. */
function wantedOf(
  names: readonly string[],
  places: ReadonlyMap<string, number>,
): string | undefined {
  const wanted = names.map((name) => places.get(name) ?? -1).sort((a, b) => a - b)
  if (wanted.some((place, at) => place < 0 || place === wanted[at - 1])) return undefined
  return wanted.length === places.size ? '*' : wanted.join()
}

function latin1Of(inputs: readonly NamedTensor[]): string {
  let text = ''
  for (const { tensor } of inputs) {
    const { buffer, byteOffset, byteLength } = binaryOf(tensor)
    text += Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
  }
  return text
}

function digestOf(inputs: readonly NamedTensor[]): string {
  if (inputs.length === 1) return hash('sha256', binaryOf(inputs[0]!.tensor), 'binary')
  const all = createHash('sha256')
  for (const { tensor } of inputs) all.update(binaryOf(tensor))
  return all.digest('binary')
}
