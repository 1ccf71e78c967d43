/** One version: what its file says of itself, and what its configuration makes of that. */
import type { ModelConfig } from '../config/index.ts'
import { ServingError } from '../errors.ts'
import { planSequencesOf } from '../lifecycle/index.ts'
import type { ModelSpec, VersionSpec } from '../model-spec.ts'
import {
  type Description,
  describe,
  limits,
  type OnnxModel,
  readOnnx,
  withoutZipMap,
} from '../onnx/index.ts'
import { completeVersion, verifyToldChecksums } from '../repository/index.ts'
import { type Joining, joiningOf } from '../scheduler/index.ts'
import { requireLocked } from './locked.ts'

export interface VersionInspection {
  readonly version: string
  /** Of the model's file, where one was found. */
  readonly path?: string
  readonly served: boolean
  /** Why it would not be served. */
  readonly problems: readonly string[]
  readonly notes: readonly string[]
  /** Left out where the file cannot be read. The signature is the one that would be served. */
  readonly description?: Told
  readonly supported?: RuntimeSupport
  /** Whether requests would share runs; left out where the signature is not known. */
  readonly joining?: Joining
}

/** What the model's file says of itself. */
export type Told = Omit<Description, 'problems'>

/** What the runtime takes at most, of the domains that a model imports. */
export interface RuntimeSupport {
  readonly runtime: string
  readonly irVersion: number
  readonly opsets: Readonly<Record<string, number>>
}

export async function inspectVersion(
  spec: ModelSpec,
  { version, path }: VersionSpec,
): Promise<VersionInspection> {
  if (path instanceof ServingError) return refused({ version }, path)
  try {
    await verifyToldChecksums(spec)
    const inspected = await inspectFile(spec, version, path, await readOnnx(path))
    await requireLocked(spec, path, inspected.description?.externalFiles ?? [])
    return inspected
  } catch (thrown) {
    if (!(thrown instanceof ServingError)) throw thrown
    return refused({ version, path }, thrown)
  }
}

export const problemOf = ({ message, hint }: ServingError): string =>
  hint === undefined ? message : `${message}; ${hint}`

async function inspectFile(
  spec: ModelSpec,
  version: string,
  path: string,
  file: OnnxModel,
): Promise<VersionInspection> {
  const rewritten = withoutZipMap(file)
  const asRead = describe(file)
  // the operators are shown as the file has them, the rest as it would be served
  const asServed =
    rewritten === undefined ? asRead : { ...describe(rewritten), operators: asRead.operators }
  const { problems: found, ...told } = asServed
  const { description, contradiction, warnings } = await configured(told, spec, version)
  const problems = [...found, ...contradiction]
  return {
    version,
    path,
    served: problems.length === 0,
    problems,
    notes: [...zipMapNotes(rewritten), ...providerNotes(spec.config), ...warnings],
    description,
    supported: supportOf(asRead),
    ...(description.signature && { joining: joiningOf(description.signature, spec.config) }),
  }
}

async function configured(description: Told, spec: ModelSpec, version: string) {
  const { name, config, triton } = spec
  const { signature: file } = description
  const asIs = { description, contradiction: [], warnings: [] }
  if (file === undefined) return asIs
  try {
    const sequences = await planSequencesOf(spec, file)
    const { signature, warnings } = await completeVersion({
      name,
      version,
      platform: PLATFORM,
      signature: sequences?.visible ?? file,
      config,
      triton,
      autoComplete: true,
    })
    return { description: { ...description, signature }, contradiction: [], warnings }
  } catch (thrown) {
    if (!(thrown instanceof ServingError)) throw thrown
    return { ...asIs, contradiction: [problemOf(thrown)] }
  }
}

const zipMapNotes = (rewritten: OnnxModel | undefined): readonly string[] =>
  [...(rewritten?.zipMapLabels?.keys() ?? [])].map(
    (output) => `ZipMap output "${output}" becomes a tensor`,
  )

function providerNotes({ onnx: { providers } }: ModelConfig): readonly string[] {
  const names = providers.map(({ name }) => name).filter((name) => name.toLowerCase() !== 'cpu')
  if (names.length === 0) return []
  return [`whether there is ${names.join(', ')} to run it is known when it is loaded`]
}

function supportOf(description: Told): RuntimeSupport {
  const { runtime, irVersion, opsets } = limits
  return {
    runtime,
    irVersion,
    opsets: Object.fromEntries(
      Object.keys(description.opsets).flatMap((domain) => {
        const newest = opsets.get(domain === 'ai.onnx' ? '' : domain)
        return newest === undefined ? [] : [[domain, newest]]
      }),
    ),
  }
}

function refused(about: Pick<VersionInspection, 'version' | 'path'>, error: ServingError) {
  return { ...about, served: false, problems: [problemOf(error)], notes: [] }
}

/** What runs models of this kind, in the words of Triton. */
const PLATFORM = 'onnxruntime_onnx'
