/** Requests that somebody wrote: a JSON body a line. */
import { ServingError } from '../../errors.ts'
import { WrongUsage } from '../../predict/index.ts'
import { decodeBody } from '../../protocols/plain/index.ts'
import {
  type Datatype,
  dynamic,
  isDatatype,
  type NamedTensor,
  parseJson,
  type Shape,
  tensorFromFlat,
} from '../../tensor/index.ts'
import type { Protocol } from './driver.ts'
import type { BodyForm, ModelDescription, Question } from './question.ts'

/**
 * Bodies of the plain API or of the Open Inference Protocol. One that the protocol takes as it is
 * is not read any further; another one is read by the model's signature. Fails with WrongUsage and
 * the line.
 */
export function readDataFile(
  text: string,
  model: ModelDescription,
  protocol: Protocol,
): readonly Question[] {
  const questions = text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => {
      try {
        return questionOf(line, model, protocol)
      } catch (thrown) {
        if (!(thrown instanceof Error)) throw thrown
        throw new WrongUsage(
          `line ${number} of the data: ${thrown.message}`,
          thrown instanceof ServingError ? thrown.hint : undefined,
        )
      }
    })
  if (questions.length === 0) throw new WrongUsage('the data has no line, expected JSON bodies')
  return questions
}

function questionOf(text: string, model: ModelDescription, protocol: Protocol): Question {
  const form = formOf(text)
  const asItIs =
    (form === 'plain' && protocol === 'json') || (form === 'oip' && protocol === 'oip-json')
  try {
    const inputs = form === 'oip' ? oipInputs(text) : plainInputs(text, model)
    return { inputs, rows: rowsOf(inputs, model), body: { form, text } }
  } catch (thrown) {
    // the server is to judge what is sent as it is
    if (asItIs) return { inputs: [], rows: 1, body: { form, text } }
    throw thrown
  }
}

function formOf(text: string): BodyForm {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new WrongUsage('it is not JSON, expected a body such as {"features": [5.1, 3.5]}')
  }
  const { features, inputs } = (body ?? {}) as { features?: unknown; inputs?: unknown }
  if (Array.isArray(inputs)) return 'oip'
  if (features !== undefined || (typeof inputs === 'object' && inputs !== null)) return 'plain'
  throw new WrongUsage('expected {"features": …}, {"inputs": {…}} or {"inputs": [{…}]}')
}

function plainInputs(text: string, { name, inputs }: ModelDescription): readonly NamedTensor[] {
  if (inputs.length === 0) {
    throw new WrongUsage(
      'the server does not tell what the model takes: give bodies of its protocol',
    )
  }
  const model = { name, signature: { inputs, outputs: [] } }
  return decodeBody('application/json', model, Buffer.from(text)).request.inputs
}

function oipInputs(text: string): readonly NamedTensor[] {
  return parseJson(text, (body) =>
    (body as { inputs: readonly OipInput[] }).inputs.map(({ name, datatype, shape, data }, at) => {
      if (typeof name !== 'string' || !isDatatype(`${datatype}`) || !Array.isArray(shape)) {
        throw new WrongUsage(`inputs[${at}] has no name, no datatype that is known, or no shape`)
      }
      const source = { name, datatype: datatype as Datatype, path: ['inputs', at, 'data'] }
      return { name, tensor: tensorFromFlat(source, data, shape.map(Number) as Shape) }
    }),
  )
}

/** The size of the first axis, where that is one of any size. */
export function rowsOf(inputs: readonly NamedTensor[], model: ModelDescription): number {
  const [first] = inputs
  const spec = model.inputs.find(({ name }) => name === first?.name)
  return spec?.shape[0] === dynamic ? (first?.tensor.shape[0] ?? 1) : 1
}

interface OipInput {
  readonly name?: unknown
  readonly datatype?: unknown
  readonly shape?: unknown
  readonly data?: unknown
}
