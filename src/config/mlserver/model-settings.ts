/** `model-settings.json` of MLServer: what it says of a model, as a `model.yaml` would say it. */
import { z } from 'zod'
import { fail, type ServingError } from '../../errors.ts'
import type { ModelConfigLayer } from '../load-model.ts'
import { readSettings } from './read.ts'

export interface ModelSettings {
  readonly layer: ModelConfigLayer
  /** The model's file or folder, from the folder of the settings. */
  readonly uri: string | undefined
  /** A whole number from 1 on; undefined where it is none, or not told. */
  readonly version: string | undefined
  readonly warnings: readonly string[]
  /** Why a model so described cannot be served. */
  readonly refusal: ServingError | undefined
}

const tensors = z
  .array(
    z.looseObject({
      name: z.string(),
      datatype: z.string().optional(),
      shape: z.array(z.number()).optional(),
    }),
  )
  .default([])

const schema = z.looseObject({
  name: z.string().optional(),
  implementation: z.string().optional(),
  inputs: tensors,
  outputs: tensors,
  parameters: z
    .looseObject({
      uri: z.string().nullish(),
      version: z.union([z.string(), z.number()]).nullish(),
    })
    .nullish(),
})

type Settings = z.output<typeof schema>

/** `name` is for messages. Fails with a ConfigError that holds every problem. */
export function parseModelSettings(text: string, name: string): ModelSettings {
  const settings = readSettings(schema, text, name)
  const { parameters } = settings
  const written = parameters?.version ?? undefined
  const version = written !== undefined && WHOLE.test(`${written}`) ? `${written}` : undefined
  const label = version === undefined && written !== undefined ? `${written}` : undefined
  return {
    layer: { name, value: asModelYaml(settings, label) },
    uri: parameters?.uri || undefined,
    version,
    warnings: [...labelWarning(label, name), ...withoutEffect(settings, name)],
    refusal: refusalOf(settings),
  }
}

/** A version that is no number is the label of the only version there is. */
function asModelYaml({ name, inputs, outputs }: Settings, label: string | undefined) {
  const told = (list: Settings['inputs']) =>
    list.map(({ name, datatype, shape }) => ({
      name,
      ...(datatype !== undefined && { datatype }),
      ...(shape !== undefined && { shape }),
    }))
  return {
    ...(name && { name }),
    ...(inputs.length > 0 && { inputs: told(inputs) }),
    ...(outputs.length > 0 && { outputs: told(outputs) }),
    ...(label !== undefined && LABEL.test(label) && { versionLabels: { [label]: 1 } }),
  }
}

function labelWarning(label: string | undefined, file: string): readonly string[] {
  if (label === undefined || LABEL.test(label)) return []
  const told = JSON.stringify(label.slice(0, 100))
  return [`${file}: the version ${told} is no whole number and no label, it is served as version 1`]
}

function withoutEffect(settings: Settings, file: string): readonly string[] {
  const ignored = [
    ...Object.keys(settings).filter((key) => !understood.has(key)),
    ...Object.keys(settings.parameters ?? {})
      .filter((key) => key !== 'uri' && key !== 'version')
      .map((key) => `parameters.${key}`),
  ]
  return ignored.length === 0 ? [] : [`${file}: no effect here: ${ignored.join(', ')}`]
}

/** Any other class does something around the model that nobody here would do. */
function refusalOf({ implementation, parameters }: Settings): ServingError | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(parameters?.uri ?? '')?.[1]
  if (scheme !== undefined) return fail('NOT_BUILT', { what: `fetching models from ${scheme}://` })
  if (!implementation || /onnx/i.test(implementation)) return undefined
  return fail('NOT_BUILT', { what: `serving models of ${implementation.slice(0, 200)}` })
}

/** With those that only describe. */
const understood: ReadonlySet<string> = new Set([
  ...['name', 'implementation', 'inputs', 'outputs', 'parameters'],
  ...['platform', 'versions', '$schema'],
])

const WHOLE = /^[1-9]\d{0,14}$/
const LABEL = /^[A-Za-z][A-Za-z0-9._-]{0,127}$/
