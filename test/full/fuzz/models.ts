/** Signatures of every kind, answered without a runtime. */
import type { ServedModel } from '../../../src/models.ts'
import { echoModel, inputOf, modelOf } from '../../../src/protocols/testing.ts'
import { DATATYPES, tensorFromNested } from '../../../src/tensor/index.ts'

const measures = inputOf('x', 'FP32', [-1, 2], {
  constraints: { fields: ['length', 'width'], minimum: -2, maximum: 250, nonFinite: 'refuse' },
})

/** Gives a label and three scores a row, whatever is asked. */
const classifier: ServedModel = modelOf(
  'classifier',
  {
    inputs: [measures],
    outputs: [
      { name: 'label', datatype: 'INT64', shape: [-1] },
      { name: 'scores', datatype: 'FP64', shape: [-1, 3] },
    ],
    task: {
      kind: 'classifier',
      labelOutput: 'label',
      scoreOutput: 'scores',
      labels: ['low', 'mid', 'high'],
      classes: [0, 1, 2],
    },
  },
  ({ inputs: [input] }) => {
    const rows = input!.tensor.shape[0]!
    const label = Array.from({ length: rows }, (_, row) => row % 4)
    const scores = label.map((row) => [row * 0.25, 0.5, row === 3 ? 'NaN' : 0.125])
    const tensor = (name: string, datatype: 'INT64' | 'FP64', value: unknown, rank: number) => ({
      name,
      tensor: tensorFromNested({ name, datatype, path: [] }, value, rank),
    })
    const empty = rows === 0
    return [tensor('label', 'INT64', label, 1), tensor('scores', 'FP64', empty ? [] : scores, 2)]
  },
)

export const models: readonly ServedModel[] = [
  ...DATATYPES.map((datatype) => echoModel(datatype, [inputOf('x', datatype, [-1, 2])])),
  classifier,
  echoModel('row', [inputOf('x', 'FP64', [1, 3])]),
  echoModel('scalar', [inputOf('x', 'FP32', [])]),
  echoModel('cube', [inputOf('x', 'UINT8', [-1, 2, 2, 1])]),
  echoModel('fields', [measures]),
  echoModel('texts', [
    inputOf('x', 'BYTES', [-1, 1], {
      constraints: { allowed: ['red', 'x', ''], minimumLength: 0, maximumLength: 40 },
    }),
  ]),
  echoModel('pair', [
    {
      ...inputOf('a', 'INT64', [-1], { constraints: { allowed: [1, 2, 3, 2 ** 53] } }),
      axes: ['n'],
    },
    {
      ...inputOf('b', 'FP16', [-1, 2], { constraints: { maximum: 60000 } }),
      axes: ['n', undefined],
    },
  ]),
  echoModel('many', [
    inputOf('a', 'BOOL', [-1]),
    inputOf('b', 'BF16', [2, -1], { constraints: { nonFinite: 'refuse' } }),
    inputOf('c', 'UINT64', [], { optional: true }),
    inputOf('d', 'BYTES', [-1, -1], { optional: true }),
  ]),
  echoModel('nothing', []),
]
