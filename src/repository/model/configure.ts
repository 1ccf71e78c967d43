/** What the texts in a model's folder amount to: one configuration out of all of them. */
import {
  type ListedModel,
  layeredModelConfig,
  type ModelConfig,
  type ModelConfigLayer,
  type ModelSettings,
  modelYamlLayer,
  parseModelSettings,
  type TritonConfig,
} from '../../config/index.ts'
import { fail } from '../../errors.ts'
import {
  CONFIG_PBTXT,
  type FolderTexts,
  MODEL_SETTINGS,
  MODEL_YAML,
} from '../files/folder-texts.ts'

export interface Configured {
  readonly config: ModelConfig
  readonly triton?: TritonConfig
  readonly settings?: ModelSettings
  /** The model's file, from the folder of a version, where it is named. */
  readonly modelFilename?: string
  readonly warnings: readonly string[]
}

export interface ConfigureOptions {
  /** The name of the model's folder. */
  readonly name: string
  readonly texts: FolderTexts
  /** Where the model stands in a list of TensorFlow Serving. */
  readonly listed?: ListedModel | undefined
  /** Its `model-settings.json`, where that lies elsewhere. */
  readonly settingsPath?: string | undefined
}

/** The weakest first: the list, `model-settings.json`, `config.pbtxt`, `model.yaml`. */
export async function configure(options: ConfigureOptions): Promise<Configured> {
  const { texts, listed, settingsPath = MODEL_SETTINGS } = options
  if (listed?.refusal !== undefined) throw listed.refusal
  const settings = settingsOf(texts.get(settingsPath), settingsPath)
  const triton = await tritonOf(options)
  const yaml = texts.get(MODEL_YAML)
  const layers: readonly (ModelConfigLayer | undefined)[] = [
    listed?.layer,
    settings?.layer,
    triton?.layer,
    yaml === undefined ? undefined : modelYamlLayer(yaml, MODEL_YAML),
  ]
  return {
    config: layeredModelConfig(layers.filter((layer) => layer !== undefined)),
    warnings: [listed, settings, triton].flatMap((one) => one?.warnings ?? []),
    ...(settings !== undefined && { settings }),
    ...(triton !== undefined && {
      triton: triton.config,
      ...(triton.modelFilename !== undefined && { modelFilename: triton.modelFilename }),
    }),
  }
}

/** By a configuration of Triton alone, whatever else lies there. */
export async function configureByTriton(
  config: TritonConfig,
  options: Pick<ConfigureOptions, 'name' | 'texts'>,
): Promise<Configured> {
  const { layer, modelFilename, warnings } = await tritonLayer(config, 'config', options)
  return {
    config: layeredModelConfig([layer]),
    triton: config,
    warnings,
    ...(modelFilename !== undefined && { modelFilename }),
  }
}

function settingsOf(text: string | undefined, path: string): ModelSettings | undefined {
  if (text === undefined) return undefined
  const settings = parseModelSettings(text, path)
  if (settings.refusal !== undefined) throw settings.refusal
  return settings
}

async function tritonOf(options: ConfigureOptions) {
  const text = options.texts.get(CONFIG_PBTXT)
  if (text === undefined) return undefined
  const { parseTritonConfig } = await words()
  return tritonLayer(parseTritonConfig(text, CONFIG_PBTXT), CONFIG_PBTXT, options)
}

/** `where` is for messages. Fails for what cannot be served so. */
async function tritonLayer(
  config: TritonConfig,
  where: string,
  { name, texts }: Pick<ConfigureOptions, 'name' | 'texts'>,
) {
  const { modelConfigOfTriton, validateTritonConfig } = await words()
  validateTritonConfig(config, { name })
  for (const { labelFilename } of config.output) {
    if (labelFilename !== '') await texts.read(labelFilename)
  }
  const amounts = modelConfigOfTriton(config, (path) => {
    const read = texts.get(path)
    if (read === undefined) throw fail('MODEL_UNREADABLE', { problem: `${path} is not there` })
    return read
  })
  if (amounts.refusal !== undefined) throw amounts.refusal
  const layer: ModelConfigLayer = { name: where, value: amounts.config }
  return { config, layer, modelFilename: amounts.modelFilename, warnings: amounts.warnings }
}

/** Of Triton: brought in where a model is configured by them, since that takes a while. */
const words = () => import('../../config/triton/index.ts')
