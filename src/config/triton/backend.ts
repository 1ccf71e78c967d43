/** What runs a model, in the words of Triton. */
import type { TritonConfig } from './triton-config.ts'

export const ONNX_RUNTIME = 'onnxruntime'
export const ENSEMBLE = 'ensemble'
export const TENSORRT_PLATFORM = 'tensorrt_plan'

interface Backend {
  readonly name: string
  /** The platforms it may have, the usual one first. */
  readonly platforms: readonly string[]
  /** The file that it loads, where the configuration names none. */
  readonly filename: string
}

/** Those that Triton knows by name. Any other may have any platform. */
const BACKENDS: readonly Backend[] = [
  { name: ONNX_RUNTIME, platforms: ['onnxruntime_onnx'], filename: 'model.onnx' },
  { name: 'tensorrt', platforms: [TENSORRT_PLATFORM], filename: 'model.plan' },
  {
    name: 'tensorflow',
    platforms: ['tensorflow_savedmodel', 'tensorflow_graphdef'],
    filename: 'model.savedmodel',
  },
  { name: 'pytorch', platforms: ['pytorch_libtorch'], filename: 'model.pt' },
]

/** Without platforms of their own. */
const FILENAMES: Readonly<Record<string, string>> = {
  'model.py': 'python',
  'model.graphdef': 'tensorflow',
  'model.xml': 'openvino',
}

/**
 * What the configuration says or, by its platform and the file it names, means; ONNX Runtime where
 * it says nothing at all. Empty for ensembles and for platforms that are not known.
 */
export function backendOf({ backend, platform, defaultModelFilename }: TritonConfig): string {
  if (backend !== '' || platform === ENSEMBLE) return backend
  if (platform !== '') return withPlatform(platform)?.name ?? ''
  if (defaultModelFilename === '' || defaultModelFilename.endsWith('.onnx')) return ONNX_RUNTIME
  const known = BACKENDS.find(({ filename }) => filename === defaultModelFilename)
  return known?.name ?? FILENAMES[defaultModelFilename] ?? ''
}

export const platformOf = (backend: string): string => named(backend)?.platforms[0] ?? ''

export const filenameOf = (backend: string): string => named(backend)?.filename ?? ''

/** Whether both are known and do not go together. */
export function platformMismatch(platform: string, backend: string): boolean {
  const known = named(backend)
  return known !== undefined && !known.platforms.includes(platform)
}

const named = (backend: string): Backend | undefined =>
  BACKENDS.find(({ name }) => name === backend)

const withPlatform = (platform: string): Backend | undefined =>
  BACKENDS.find(({ platforms }) => platforms.includes(platform))
