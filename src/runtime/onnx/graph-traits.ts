/** What a graph tells of its runs before there was one. */
import type { OnnxModel, partsOf } from '../../onnx/index.ts'

export interface GraphTraits {
  /**
   * The time of a run follows from the sizes of its inputs: there are no loops, no operators but the
   * library's own, and no sizes or counts that are told by the values of inputs.
   */
  readonly bounded: boolean
  /** There are no branches: all runs take the same way. */
  readonly straight: boolean
  /** Numbers are rounded by what is largest among all rows of a run. */
  readonly roundsTogether: boolean
}

type Parts = ReturnType<typeof partsOf>
type Node = Parts['nodes'][number]

/** `inputs`: the names of what a request may give. */
export function traitsOf(
  { proto }: OnnxModel,
  { nodes }: Parts,
  inputs: readonly string[],
): GraphTraits {
  const own = new Set(proto.functions.map(({ domain, name }) => `${domain}:${name}`))
  const isKnown = ({ domain, opType }: Node) =>
    domains.has(domain) || own.has(`${domain}:${opType}`)
  const sized = nodes.filter(({ opType }) => sizeInputs.has(opType))
  return {
    bounded:
      nodes.every((node) => isKnown(node) && !loops.has(node.opType)) &&
      // what a function is given goes by other names in its body
      (sized.length === 0 || (own.size === 0 && !takeSizes(sized, valuesOf(nodes, inputs)))),
    roundsTogether: nodes.some(({ opType }) => opType.startsWith('DynamicQuantize')),
    straight: nodes.every(({ opType }) => opType !== 'If' && !loops.has(opType)),
  }
}

const loops = new Set([
  'Loop',
  'Scan',
  'SequenceMap',
  'BeamSearch',
  'WhisperBeamSearch',
  'GreedySearch',
  'Sampling',
  'ImageDecoder', // a few bytes may be an image of any size
])

const domains = new Set(['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft'])

/** Operators whose output, or work, is as large as the value of an input says, and which input. */
const sizeInputs: ReadonlyMap<string, readonly number[]> = new Map([
  ['ConstantOfShape', [0]],
  ['Range', [0, 1, 2]],
  ['Expand', [1]],
  ['Tile', [1]],
  ['Pad', [1]],
  ['CenterCropPad', [1]],
  ['Resize', [1, 2, 3]],
  ['Upsample', [1]],
  ['OneHot', [1]],
  ['MaxUnpool', [2]],
  ['Col2Im', [1, 2]],
  ['AffineGrid', [1]],
  ['RoiAlign', [1]],
  ['CropAndResize', [1, 3]],
  ['DFT', [1]],
  ['STFT', [1, 3]],
  ['HannWindow', [0]],
  ['HammingWindow', [0]],
  ['BlackmanWindow', [0]],
  ['MelWeightMatrix', [0, 1, 2, 3, 4]],
  ['GroupQueryAttention', [5, 6]],
])

const takeSizes = (nodes: readonly Node[], values: ReadonlySet<string>): boolean =>
  nodes.some(({ opType, input }) =>
    sizeInputs.get(opType)!.some((place) => values.has(input[place] ?? '')),
  )

/** The names of all that depends on the values of inputs, and not on their shapes alone. */
function valuesOf(nodes: readonly Node[], inputs: readonly string[]): ReadonlySet<string> {
  const values = new Set(inputs)
  const takers = nodes.filter(({ opType }) => opType !== 'Shape' && opType !== 'Size')
  for (let before = -1; before < values.size; ) {
    before = values.size
    for (const { opType, input, output } of takers) {
      // a branch also takes what it does not list
      if (opType !== 'If' && !input.some((name) => values.has(name))) continue
      for (const name of output) values.add(name)
    }
  }
  return values
}
