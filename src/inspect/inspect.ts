/**
 * Says of every model at some paths whether it would be served, by the same steps as serving it:
 * what is found, read, checked and told by `model.yaml`. Nothing is loaded into a runtime.
 */
import type { ModelConfig } from '../config/index.ts'
import { ServingError } from '../errors.ts'
import type { ModelSource } from '../model-source.ts'
import {
  type Description,
  describe,
  limits,
  type OnnxModel,
  readOnnx,
  withoutZipMap,
} from '../onnx/index.ts'
import { applyConfig, discover, type FoundModel } from '../repository/index.ts'

export interface Inspection {
  readonly name: string
  readonly version: string
  /** Of the model's file, where one was found. */
  readonly path?: string
  readonly served: boolean
  /** Why it would not be served. */
  readonly problems: readonly string[]
  /** What its user should know although it would be served. */
  readonly notes: readonly string[]
  /** Left out where the file cannot be read. The signature is the one that would be served. */
  readonly description?: Told
  readonly supported?: RuntimeSupport
}

/** What the model's file says of itself. */
export type Told = Omit<Description, 'problems'>

/** What the runtime takes at most, of the domains that a model imports. */
export interface RuntimeSupport {
  readonly runtime: string
  readonly irVersion: number
  readonly opsets: Readonly<Record<string, number>>
}

/** One model after the other, since each is held whole in memory. `onModel` tells of progress. */
export async function inspectModels(
  paths: readonly string[],
  onModel: (name: string, place: number, count: number) => void = () => {},
): Promise<readonly Inspection[]> {
  const found = await discover(paths)
  const inspections: Inspection[] = []
  for (const [index, model] of found.entries()) {
    onModel(model.name, index + 1, found.length)
    inspections.push(await inspectFound(model))
  }
  return inspections
}

async function inspectFound({ name, version, source }: FoundModel): Promise<Inspection> {
  if (source instanceof ServingError) return refused({ name, version }, source)
  const { path, config } = source
  try {
    return inspectFile(source, await readOnnx(path), config)
  } catch (thrown) {
    if (!(thrown instanceof ServingError)) throw thrown
    return refused({ name, version, path }, thrown)
  }
}

function inspectFile(
  { name, version, path }: ModelSource,
  file: OnnxModel,
  config: ModelConfig,
): Inspection {
  const rewritten = withoutZipMap(file)
  const asRead = describe(file)
  // the operators are shown as the file has them, the rest as it would be served
  const asServed =
    rewritten === undefined ? asRead : { ...describe(rewritten), operators: asRead.operators }
  const { problems: found, ...told } = asServed
  const { description, contradiction } = withConfig(told, config)
  const problems = [...found, ...contradiction]
  return {
    name,
    version,
    path,
    served: problems.length === 0,
    problems,
    notes: [...zipMapNotes(rewritten), ...providerNotes(config)],
    description,
    supported: supportOf(asRead),
  }
}

function withConfig(description: Told, config: ModelConfig) {
  const { signature } = description
  if (signature === undefined) return { description, contradiction: [] }
  try {
    const applied = { ...description, signature: applyConfig(signature, config) }
    return { description: applied, contradiction: [] }
  } catch (thrown) {
    if (!(thrown instanceof ServingError)) throw thrown
    return { description, contradiction: [problemOf(thrown)] }
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

function refused(about: Pick<Inspection, 'name' | 'version' | 'path'>, error: ServingError) {
  return { ...about, served: false, problems: [problemOf(error)], notes: [] }
}

const problemOf = ({ message, hint }: ServingError): string =>
  hint === undefined ? message : `${message}; ${hint}`
