/**
 * A Predictor whose clients see other shapes than it has, and not all of its outputs. The elements
 * stay where they are: a shape is only a way to read them.
 */
import type { InferenceRequest, InferenceResponse, Predictor } from './predictor.ts'
import type { Signature } from './signature.ts'
import { dynamic, type NamedTensor, type Shape, shapeFits } from './tensor/index.ts'

/** How the shapes of one tensor are read: both of its declared shapes, `dynamic` in the same order. */
export interface ShapeView {
  /** What clients send and get. */
  readonly clients: Shape
  /** What the model takes and gives. */
  readonly model: Shape
}

export interface Views {
  /** By the names of inputs and of outputs; what is not there is read as it is. */
  readonly inputs: ReadonlyMap<string, ShapeView>
  readonly outputs: ReadonlyMap<string, ShapeView>
}

/** `signature` is what clients see: of its outputs, and no others, they get all if they name none. */
export function reshaped(inner: Predictor, signature: Signature, views: Views): Predictor {
  const names = signature.outputs.map(({ name }) => name)
  const toModel = ({ inputs, outputs = names }: InferenceRequest): InferenceRequest => ({
    inputs: inputs.map((input) => viewed(input, views.inputs, 'clients', 'model')),
    outputs,
  })
  const toClients = (response: InferenceResponse): InferenceResponse => ({
    ...response,
    outputs: response.outputs.map((output) => viewed(output, views.outputs, 'model', 'clients')),
  })
  return {
    signature,
    async predict(request, call) {
      return toClients(await inner.predict(toModel(request), call))
    },
    async *stream(request, call) {
      for await (const response of inner.stream(toModel(request), call)) yield toClients(response)
    },
  }
}

type Side = keyof ShapeView

/** A tensor that is not of the shape it should have is not read as another. */
function viewed(
  named: NamedTensor,
  views: ReadonlyMap<string, ShapeView>,
  from: Side,
  to: Side,
): NamedTensor {
  const view = views.get(named.name)
  const { name, tensor } = named
  if (view === undefined || !shapeFits(tensor.shape, view[from])) return named
  const sizes = tensor.shape.filter((_, axis) => view[from][axis] === dynamic)
  const shape = view[to].map((size) => (size === dynamic ? sizes.shift()! : size))
  return { name, tensor: { ...tensor, shape } }
}
