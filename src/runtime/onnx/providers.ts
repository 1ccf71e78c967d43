/**
 * Execution providers: where a model's operators run. Asked for by name (`cuda`, `tensorrt`,
 * `openvino`, …) in order of preference; the CPU is always the last resort.
 */
import { fail } from '../../errors.ts'
import { check, OrtFailure, type Pointer } from './c-api.ts'
import { inFewWords } from './library-words.ts'
import type { NativeObjects } from './native-objects.ts'
import { StringArray } from './native-strings.ts'

export interface ProviderRequest {
  readonly name: string
  readonly options: Readonly<Record<string, string>>
}

export interface ChosenProviders {
  /** The one that operators are offered first. */
  readonly first: string
  readonly warnings: readonly string[]
}

/**
 * Adds the providers asked for to session options. One that is missing or does not start fails
 * with MODEL_UNSUPPORTED when `strict`, and is a warning otherwise.
 */
export function addProviders(
  native: NativeObjects,
  sessionOptions: Pointer,
  wanted: readonly ProviderRequest[],
  strict: boolean,
): ChosenProviders {
  const present = native.providers()
  const added: string[] = []
  const warnings: string[] = []
  for (const request of wanted) {
    const problem = add(native, sessionOptions, request, present)
    if (problem === undefined) {
      added.push(canonical(request.name))
    } else if (strict) {
      throw fail('MODEL_UNSUPPORTED', {
        problem,
        hint: 'set strict: false to fall back to the CPU, or name a libonnxruntime that has it by onnx.library in sluice.yaml',
      })
    } else {
      warnings.push(`${problem}; the CPU is used instead`)
    }
  }
  return { first: added[0] ?? 'cpu', warnings }
}

/** Why it cannot be had, or undefined once it is added. */
function add(
  native: NativeObjects,
  sessionOptions: Pointer,
  { name, options }: ProviderRequest,
  present: readonly string[],
): string | undefined {
  const wanted = canonical(name)
  if (wanted === 'cpu') return undefined // always there
  const found = present.find((provider) => canonical(provider) === wanted)
  if (found === undefined) {
    return `execution provider "${name}" is not in this ONNX Runtime, which has ${present.map(canonical).join(', ')}`
  }
  try {
    appendTo(native, sessionOptions, found.replace(/ExecutionProvider$/, ''), options)
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof OrtFailure)) throw thrown
    return `execution provider "${name}" did not start: ${inFewWords(thrown.message)}`
  }
}

function appendTo(
  native: NativeObjects,
  sessionOptions: Pointer,
  provider: string,
  options: Readonly<Record<string, string>>,
): void {
  const { api, ledger } = native
  const keys = new StringArray(Object.keys(options))
  const values = new StringArray(Object.values(options))

  const own = ownOptions[provider]
  if (own === undefined) {
    check(
      api,
      api.SessionOptionsAppendExecutionProvider(
        sessionOptions,
        provider,
        keys.addresses,
        values.addresses,
        keys.length,
      ),
    )
    return
  }
  const providerOptions = native.make('providerOptions', (out) => api[own.create](out))
  try {
    check(api, api[own.update](providerOptions, keys.addresses, values.addresses, keys.length))
    check(api, api[own.append](sessionOptions, providerOptions))
  } finally {
    api[own.release](providerOptions)
    ledger.released('providerOptions')
  }
}

/** `CUDAExecutionProvider`, `cuda` and `CUDA` are one. */
const canonical = (name: string): string => name.replace(/ExecutionProvider$/i, '').toLowerCase()

/** The providers whose options have functions of their own. */
const ownOptions: Readonly<Record<string, OwnOptions>> = {
  CUDA: {
    create: 'CreateCUDAProviderOptions',
    update: 'UpdateCUDAProviderOptions',
    append: 'SessionOptionsAppendExecutionProvider_CUDA_V2',
    release: 'ReleaseCUDAProviderOptions',
  },
  Tensorrt: {
    create: 'CreateTensorRTProviderOptions',
    update: 'UpdateTensorRTProviderOptions',
    append: 'SessionOptionsAppendExecutionProvider_TensorRT_V2',
    release: 'ReleaseTensorRTProviderOptions',
  },
}

interface OwnOptions {
  readonly create: 'CreateCUDAProviderOptions' | 'CreateTensorRTProviderOptions'
  readonly update: 'UpdateCUDAProviderOptions' | 'UpdateTensorRTProviderOptions'
  readonly append:
    | 'SessionOptionsAppendExecutionProvider_CUDA_V2'
    | 'SessionOptionsAppendExecutionProvider_TensorRT_V2'
  readonly release: 'ReleaseCUDAProviderOptions' | 'ReleaseTensorRTProviderOptions'
}
