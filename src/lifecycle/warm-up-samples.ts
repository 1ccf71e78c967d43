/** The samples of a model.yaml as requests. */
import type { ModelConfig } from '../config/index.ts'
import { fail, ServingError } from '../errors.ts'
import type { WarmUpSample } from '../repository/index.ts'
import type { InputSpec, Signature } from '../signature.ts'
import { dynamic, type NamedTensor, tensorFromNested } from '../tensor/index.ts'

type SampleConfig = ModelConfig['warmUp']['samples'][number]

/**
 * A value is written as in a request to the plain API: nested as deep as the shape of its input, or
 * one less for one row. Fails with WARM_UP_FAILED for one that is no value of its input.
 */
export function configuredSamples(
  samples: readonly SampleConfig[],
  { inputs }: Signature,
): readonly WarmUpSample[] {
  return samples.map(({ name, count, inputs: values }, index) => {
    const called = name ?? `${index + 1}`
    try {
      const tensors = Object.entries(values).map(([input, value]) => {
        const spec = inputs.find((one) => one.name === input)
        if (spec !== undefined) return tensorOf(spec, value)
        throw fail('INPUT_UNKNOWN', { model: 'it', input, known: inputs.map((one) => one.name) })
      })
      return { name: called, count, request: { inputs: tensors } }
    } catch (thrown) {
      throw unusable(called, thrown)
    }
  })
}

function tensorOf({ name, datatype, shape }: InputSpec, value: unknown): NamedTensor {
  const source = { name, datatype, path: [] }
  const rank = shape.length
  const isRow = depthOf(value) === rank - 1 && (shape[0] === dynamic || shape[0] === 1)
  if (!isRow) return { name, tensor: tensorFromNested(source, value, rank) }
  const row = tensorFromNested(source, value, rank - 1)
  return { name, tensor: { ...row, shape: [1, ...row.shape] } }
}

function unusable(sample: string, thrown: unknown): ServingError {
  const { message, hint } = thrown instanceof ServingError ? thrown : roundedInteger(thrown)
  const problem = `warm-up sample "${sample}": ${message}`
  return fail('WARM_UP_FAILED', { problem, ...(hint !== undefined && { hint }) }, thrown)
}

/** YAML has no integers beyond 2^53: decoding tells of them by an error of its own. */
const roundedInteger = (thrown: unknown) => ({
  message: thrown instanceof Error ? thrown.message : `${thrown}`,
  hint: 'write an integer beyond 2^53 as a string of digits',
})

const depthOf = (value: unknown): number => (Array.isArray(value) ? 1 + depthOf(value[0]) : 0)
