/** What there is to say of a model without loading it. */
import { ServingError } from '../errors.ts'
import type { Signature } from '../signature.ts'
import { checkExternal, type ExternalFile } from './external.ts'
import { type Parts, partsOf, tensorsOf } from './graph.ts'
import { externalPart, initializerOf } from './initializers.ts'
import { shownDomain } from './limits.ts'
import type { OnnxModel } from './model.ts'
import { problemsOf } from './preflight.ts'
import { signatureOf } from './signature.ts'

export interface Description {
  readonly file: string
  readonly fileBytes: number
  readonly irVersion: number
  readonly opsets: Readonly<Record<string, number>>
  readonly producer?: { readonly name: string; readonly version: string }
  readonly modelVersion: number
  readonly documentation?: string
  readonly metadata: Readonly<Record<string, string>>
  /** Left out where the model is refused for its inputs or outputs: then a problem says why. */
  readonly signature?: Signature
  /** Initializers, at any depth. What forests and other classical models keep in attributes is not counted. */
  readonly parameters: { readonly count: number; readonly bytes: number }
  readonly externalFiles: readonly ExternalFile[]
  /** Nodes by domain and operator, those of bodies and of the model's own functions included. */
  readonly operators: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly memory: MemoryEstimate
  /** What stops it from being served; empty when nothing is known to. */
  readonly problems: readonly string[]
}

/** Bytes that a loaded model is likely to add to the process. */
export interface MemoryEstimate {
  readonly low: number
  readonly high: number
}

export function describe(model: OnnxModel): Description {
  const { proto } = model
  const parts = partsOf(model)
  const external = tensorsOf(parts).flatMap((tensor) => externalPart(tensor) ?? [])
  const { files } = checkExternal(model.folder, external)
  const { signature, refusal } = signatureOrRefusal(model)
  return {
    file: model.name,
    fileBytes: model.fileBytes,
    irVersion: Number(proto.irVersion),
    opsets: Object.fromEntries(
      proto.opsetImport.map(({ domain, version }) => [shownDomain(domain), Number(version)]),
    ),
    ...(proto.producerName === ''
      ? {}
      : { producer: { name: proto.producerName, version: proto.producerVersion } }),
    modelVersion: Number(proto.modelVersion),
    ...(proto.docString === '' ? {} : { documentation: proto.docString }),
    metadata: Object.fromEntries(proto.metadataProps.map(({ key, value }) => [key, value])),
    ...(signature === undefined ? {} : { signature }),
    parameters: countParameters(parts),
    externalFiles: files,
    operators: countOperators(parts),
    memory: estimateMemory(model.fileBytes + files.reduce((sum, { bytes }) => sum + bytes, 0)),
    problems: [...(refusal === undefined ? [] : [refusal]), ...problemsOf(model, parts)],
  }
}

/**
 * A session takes 0.41 MiB, and 1.3 to 3.4 times the bytes of its files (external data included).
 * Measured with ONNX Runtime 1.30 on CPU: a transformer of 86 MiB took 116, ResNet-18 of 45 MiB
 * took 149 (convolutions keep their weights packed a second time, and the arena grows with the
 * batch); 100 tiny models took 41. What is true of one model is told by loading it.
 */
export function estimateMemory(bytes: number): MemoryEstimate {
  const session = 0.41 * 2 ** 20
  return { low: Math.round(session + 1.3 * bytes), high: Math.round(session + 3.4 * bytes) }
}

function signatureOrRefusal(model: OnnxModel): { signature?: Signature; refusal?: string } {
  try {
    return { signature: signatureOf(model) }
  } catch (error) {
    if (!(error instanceof ServingError) || error.reason !== 'MODEL_UNSUPPORTED') throw error
    return { refusal: error.hint === undefined ? error.message : `${error.message}; ${error.hint}` }
  }
}

function countParameters({ initializers }: Parts) {
  let count = 0
  let bytes = 0
  for (const { elements, byteLength } of initializers.map(initializerOf)) {
    count += elements
    bytes += byteLength
  }
  return { count, bytes }
}

function countOperators({ nodes }: Parts) {
  const domains = Map.groupBy(nodes, ({ domain }) => shownDomain(domain))
  return Object.fromEntries(
    [...domains].map(([domain, group]) => [
      domain,
      Object.fromEntries(
        [...Map.groupBy(group, ({ opType }) => opType)]
          .map(([operator, { length }]) => [operator, length] as const)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    ]),
  )
}
