/**
 * What `parameters` and `optimization` say to ONNX Runtime, as the `onnx` of a `model.yaml`.
 * Source: the README of Triton's backend for ONNX Runtime.
 */
import { fail } from '../../errors.ts'
import type { TritonConfig } from './triton-config.ts'

type Options = Record<string, unknown>

/** Fails with MODEL_UNSUPPORTED for values that Triton does not take either. */
export function onnxOf(config: TritonConfig): { readonly onnx?: Options } {
  const parameters = Object.entries(config.parameters)
  const onnx: Options = {
    ...graphOptions(config),
    ...providerOptions(config),
    ...Object.assign({}, ...parameters.map(([key, { stringValue }]) => option(key, stringValue))),
  }
  const session = parameters.filter(([key]) => key.startsWith(SESSION))
  if (session.length > 0) {
    onnx.session = Object.fromEntries(session.map(([key, { stringValue }]) => [key, stringValue]))
  }
  return Object.keys(onnx).length === 0 ? {} : { onnx }
}

const SESSION = 'session.'

function option(key: string, value: string): Options {
  switch (key) {
    case 'intra_op_thread_count':
      return threads('intraOpThreads', key, value)
    case 'inter_op_thread_count':
      return threads('interOpThreads', key, value)
    case 'execution_mode':
      return { executionMode: executionMode(value) }
    case 'enable_mem_arena':
      return { cpuMemoryArena: truth(key, value) }
    case 'enable_mem_pattern':
      return { memoryPattern: truth(key, value) }
    default:
      return {}
  }
}

/** 0 and less leave the number to the runtime. */
function threads(name: string, key: string, value: string): Options {
  const count = wholeNumber(key, value)
  return count > 0 ? { [name]: count } : {}
}

function executionMode(value: string): 'sequential' | 'parallel' {
  const mode = wholeNumber('execution_mode', value)
  if (mode === 0) return 'sequential'
  if (mode === 1) return 'parallel'
  // the spaces are Triton's
  throw unsupported(
    `Invalid configuration value provided. Expected values for  execution_mode are 0 or 1 but got ${mode} .`,
  )
}

function wholeNumber(key: string, value: string): number {
  if (/^\s*[+-]?\d{1,9}\s*$/.test(value)) return Number(value)
  throw unsupported(`failed to convert ${key} '${value}' to integral number`)
}

function truth(key: string, value: string): boolean {
  const word = value.toLowerCase()
  if (word === 'true' || word === '1') return true
  if (word === 'false' || word === '0') return false
  throw unsupported(`failed to convert ${key} '${value}' to boolean value`)
}

/** 0, and what the backend does not know, is the runtime's default: everything. */
function graphOptions({ optimization }: TritonConfig): Options {
  const graphOptimization = LEVELS[optimization?.graph?.level ?? 0]
  return graphOptimization === undefined ? {} : { graphOptimization }
}

const LEVELS: Readonly<Record<number, string>> = { [-1]: 'basic', 1: 'extended', 2: 'off' }

/** A provider that is not in this ONNX Runtime is a warning: the CPU stands behind it. */
function providerOptions({ optimization }: TritonConfig): Options {
  const accelerators = optimization?.executionAccelerators?.cpuExecutionAccelerator ?? []
  const stranger = accelerators.find(({ name }) => name !== 'openvino')
  if (stranger !== undefined) {
    throw unsupported(`unknown Execution Accelerator '${stranger.name}' is requested`)
  }
  if (accelerators.length === 0) return {}
  const providers = accelerators.map(({ name, parameters }) => ({ name, options: parameters }))
  return { providers, strict: false }
}

const unsupported = (problem: string) => fail('MODEL_UNSUPPORTED', { problem })
