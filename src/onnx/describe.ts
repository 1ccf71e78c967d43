/** What there is to say of a model without loading it. */
import { ServingError } from '../errors.ts'
import type { Signature } from '../signature.ts'
import { checkExternal, type ExternalFile } from './external.ts'
import { type Parts, partsOf, tensorsOf } from './graph.ts'
import { externalPart, initializerOf } from './initializers.ts'
import { shownDomain } from './limits.ts'
import { type MemoryRange, memoryRange } from './memory.ts'
import type { OnnxModel } from './model.ts'
import { problemsOf } from './preflight.ts'
import { signatureOf } from './signature.ts'
import { sizesOf } from './sizes.ts'

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
  readonly memory: MemoryRange
  /** What stops it from being served; empty when nothing is known to. */
  readonly problems: readonly string[]
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
    memory: memoryRange(
      sizesOf(
        parts,
        files.reduce((sum, { bytes }) => sum + bytes, model.fileBytes),
      ),
    ),
    problems: [...(refusal === undefined ? [] : [refusal]), ...problemsOf(model, parts)],
  }
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
