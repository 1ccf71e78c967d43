/** The models that the contract of a runtime is tried with, and how they are loaded and asked. */
import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { Call } from '../call.ts'
import { defaultModelConfig } from '../config/index.ts'
import type { ModelSource } from '../model-source.ts'
import type { Signature } from '../signature.ts'
import { binaryOf, type NamedTensor } from '../tensor/index.ts'
import type { Executable, RunRequest, RunResult, Runtime } from './runtime.ts'

/** A model that a runtime can load: the name and the path it is loaded by. */
export interface Fixture {
  readonly name: string
  readonly path: string
}

/** A model whose answer is known. */
export interface RowsFixture extends Fixture {
  readonly signature: Signature
  /** Inputs of so many rows, with values that begin at `first` and are all different. */
  readonly inputs: (rows: number, first: number) => readonly NamedTensor[]
  /** The answer to these inputs, in the order of the signature. */
  readonly expected: (inputs: readonly NamedTensor[]) => readonly NamedTensor[]
}

export interface ContractModels {
  /** Has two outputs at least, and a dynamic first axis. */
  readonly rows: RowsFixture
  /** A run of it goes on until it is stopped. */
  readonly endless?: Fixture & { readonly inputs: readonly NamedTensor[] }
  /** Answers `inputs`, and refuses `refused`, whose datatypes and shapes are right. */
  readonly refusing: Fixture & {
    readonly inputs: readonly NamedTensor[]
    readonly refused: readonly NamedTensor[]
  }
  /** Streams: gives so many answers to `inputs`, told apart by `values`. */
  readonly stream?: Fixture & {
    readonly inputs: readonly NamedTensor[]
    readonly values: readonly number[]
  }
  /** No file, or one that is no model. */
  readonly unreadable: readonly Fixture[]
  /** A model that this runtime does not know how to run. */
  readonly unsupported: readonly Fixture[]
}

export interface Contract<R extends Runtime> {
  readonly open: () => Promise<R>
  /** Called once, before anything is loaded. */
  readonly models: () => ContractModels | Promise<ContractModels>
  /** Why a test of this name does not apply. */
  readonly skip?: Readonly<Partial<Record<'endless' | 'now' | 'stream', string>>>
  /** Fails if something is left: after every executable is disposed of, and after closing. */
  readonly nothingLeft?: (runtime: R, when: 'disposed' | 'closed') => void
}

export const load = (runtime: Runtime, fixture: Fixture): Promise<Executable> =>
  runtime.load(sourceOf(fixture))

export const sourceOf = ({ name, path }: Fixture): ModelSource => ({
  name,
  version: '1',
  folder: dirname(path),
  path,
  config: defaultModelConfig,
})

export const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

export const callOf = () => new Call({ requestId: 'contract' })

export const requestOf = (model: Executable, inputs: readonly NamedTensor[]): RunRequest => ({
  inputs,
  outputs: model.signature.outputs.map(({ name }) => name),
})

/** Loads a model, and disposes of it whatever happens. */
export async function using(
  runtime: Runtime,
  fixture: Fixture,
  body: (model: Executable) => Promise<void>,
): Promise<void> {
  const model = await load(runtime, fixture)
  try {
    await body(model)
  } finally {
    await model.dispose()
  }
}

export function run(
  model: Executable,
  inputs: readonly NamedTensor[],
  {
    outputs,
    call = callOf(),
    thread = 0,
  }: { outputs?: readonly string[]; call?: Call; thread?: number } = {},
): Promise<RunResult> {
  const request = requestOf(model, inputs)
  return model.run(outputs === undefined ? request : { ...request, outputs }, call, thread)
}

export const firstOf = (outputs: readonly NamedTensor[]) => Number(outputs[0]!.tensor.data[0])

export function assertSame(actual: readonly NamedTensor[], expected: readonly NamedTensor[]): void {
  assert.deepEqual(actual.map(plain), expected.map(plain))
}

const plain = ({ name, tensor }: NamedTensor) => ({
  name,
  datatype: tensor.datatype,
  shape: [...tensor.shape],
  bytes: Buffer.from(binaryOf(tensor)).toString('hex'),
})
