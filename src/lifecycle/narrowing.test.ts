import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Constraints, InputSpec, Signature, TensorSpec } from '../signature.ts'
import type { Datatype } from '../tensor/index.ts'
import { narrowing } from './narrowing.ts'

const x: InputSpec = { name: 'x', datatype: 'FP32', shape: [-1, 4], axes: ['n', undefined] }
const y: TensorSpec = { name: 'y', datatype: 'FP32', shape: [-1, 3] }
const scale: InputSpec = { name: 'scale', datatype: 'FP32', shape: [], optional: true }
const base: Signature = { inputs: [x, scale], outputs: [y] }

const withX = (more: Partial<InputSpec>): Signature => ({
  ...base,
  inputs: [{ ...x, ...more }, scale],
})
const withY = (more: Partial<TensorSpec>): Signature => ({ ...base, outputs: [{ ...y, ...more }] })
const ruled = (datatype: Datatype, constraints: Constraints): Signature =>
  withX({ datatype, constraints })

describe('a client is left out when', () => {
  const cases: readonly (readonly [string, Signature, Signature, RegExp])[] = [
    ['an input is gone', base, { ...base, inputs: [x] }, /^input "scale" was taken, and is none/],
    [
      'an input is new and must be given',
      base,
      { ...base, inputs: [x, scale, { ...scale, name: 'z', optional: false }] },
      /^the new version needs an input "z", which was not known$/,
    ],
    [
      'an input could be left out',
      base,
      { ...base, inputs: [x, { ...scale, optional: false }] },
      /^input "scale" could be left out, and the new version needs it$/,
    ],
    [
      'a datatype is another',
      base,
      withX({ datatype: 'FP64' }),
      /^input "x" took FP32, the new version takes FP64$/,
    ],
    [
      'a rank is another',
      base,
      withX({ shape: [4] }),
      /^input "x" took shape \[-1,4\], the new version takes \[4\]$/,
    ],
    ['an axis is fixed now', base, withX({ shape: [1, 4] }), /\[-1,4\].*\[1,4\]$/],
    ['a fixed size is another', base, withX({ shape: [-1, 5] }), /\[-1,4\].*\[-1,5\]$/],
    [
      'an axis is fixed by another one of its name',
      { inputs: [x, { ...x, name: 'b', axes: ['m'] }], outputs: [] },
      { inputs: [x, { ...x, name: 'b', shape: [2, 4], axes: ['n'] }], outputs: [] },
      /^input "x" took shape \[-1,4\], the new version takes \[2,4\]$/,
    ],
    [
      'an axis is fixed that another one of its name fixed only where it was given',
      { inputs: [x, { ...x, name: 'b', shape: [2, 4], optional: true }], outputs: [] },
      {
        inputs: [
          { ...x, shape: [2, 4] },
          { ...x, name: 'b', shape: [2, 4], optional: true },
        ],
        outputs: [],
      },
      /^input "x" took shape \[-1,4\], the new version takes \[2,4\]$/,
    ],
    [
      'two axes must be of one size now',
      { inputs: [x, { ...x, name: 'b', axes: ['m'] }], outputs: [] },
      { inputs: [x, { ...x, name: 'b' }], outputs: [] },
      /^axis 1 of input "x" and axis 1 of input "b" could differ in size, the new version takes/,
    ],
    [
      'fewer rows are taken at once',
      { ...base, maxBatchSize: 8 },
      { ...base, maxBatchSize: 4 },
      /^a request could have 8 rows, the new version takes 4 at most$/,
    ],
    [
      'rows are limited that were not',
      base,
      { ...base, maxBatchSize: 4 },
      /any number of rows.* takes 4 at most$/,
    ],
    ['an output is gone', base, { ...base, outputs: [] }, /^output "y" was given, and is none/],
    [
      'the datatype of an output is another',
      base,
      withY({ datatype: 'FP16' }),
      /^output "y" had FP32, the new version gives FP16$/,
    ],
    ['the rank of an output is another', base, withY({ shape: [-1] }), /shape \[-1,3\].*\[-1\]$/],
    [
      'a size of an output is another',
      base,
      withY({ shape: [-1, 2] }),
      /shape \[-1,3\].*\[-1,2\]$/,
    ],
    ['one answer becomes many', base, { ...base, streams: true }, /one answer.*gives any number/],
    [
      'many answers become one',
      { ...base, streams: true },
      base,
      /any number of answers.*gives one/,
    ],
    [
      'values have a limit',
      base,
      ruled('FP32', { minimum: 0 }),
      /^input "x" took values below 0, which the new version refuses$/,
    ],
    [
      'a limit is closer',
      ruled('FP32', { maximum: 9 }),
      ruled('FP32', { maximum: 8 }),
      /values above 8,/,
    ],
    [
      'NaN is refused',
      base,
      ruled('FP32', { nonFinite: 'refuse' }),
      /could be NaN or infinite, which the new version refuses$/,
    ],
    ['values are listed', base, ruled('FP32', { allowed: [1, 2] }), /any value.*one of 1, 2$/],
    [
      'a value is not listed any more',
      ruled('INT32', { allowed: [1, 2, 3] }),
      ruled('INT32', { allowed: [3, 1] }),
      /values such as 2,/,
    ],
    [
      'a listed value is beyond a limit',
      ruled('INT32', { allowed: [1, 7] }),
      ruled('INT32', { maximum: 6 }),
      /values such as 7,/,
    ],
    [
      'a truth value is not listed',
      ruled('BOOL', {}),
      ruled('BOOL', { allowed: [true] }),
      /values such as 0,/,
    ],
    [
      'a string may not be short',
      ruled('BYTES', {}),
      ruled('BYTES', { minimumLength: 2 }),
      /shorter than 2 bytes/,
    ],
    [
      'a string may not be long',
      ruled('BYTES', { maximumLength: 20 }),
      ruled('BYTES', { maximumLength: 10 }),
      /longer than 10 bytes/,
    ],
    [
      'strings are listed',
      ruled('BYTES', {}),
      ruled('BYTES', { allowed: ['a', 'b'] }),
      /one of "a", "b"$/,
    ],
    [
      'a listed string is too long, in bytes',
      ruled('BYTES', { allowed: ['ab', 'äö'] }),
      ruled('BYTES', { maximumLength: 3 }),
      /such as "äö"/,
    ],
    [
      'a field is gone',
      ruled('FP32', { fields: ['a', 'b'] }),
      ruled('FP32', { fields: ['a'] }),
      /had a field "b", which the new version does not know/,
    ],
    [
      'no field has a name any more',
      ruled('FP32', { fields: ['a', 'b'] }),
      base,
      /had a field "a", which the new version does not know/,
    ],
    [
      'a field is new',
      ruled('FP32', { fields: ['a'] }),
      ruled('FP32', { fields: ['a', 'b'] }),
      /has a field "b" in the new version, which was not known/,
    ],
    [
      'fields changed places',
      ruled('FP32', { fields: ['a', 'b'] }),
      ruled('FP32', { fields: ['b', 'a'] }),
      /has its field "a" at another place/,
    ],
    [
      'a classifier is none any more',
      { ...base, task: { kind: 'classifier', scoreOutput: 'y' } },
      base,
      /^it answered as a classifier, the new version does not$/,
    ],
    [
      'a classifier becomes a regressor',
      { ...base, task: { kind: 'classifier', scoreOutput: 'y' } },
      { ...base, task: { kind: 'regressor', output: 'y' } },
      /^it answered as a classifier, the new version as a regressor$/,
    ],
    [
      'scores are gone',
      { ...base, task: { kind: 'classifier', labelOutput: 'y', scoreOutput: 'y' } },
      { ...base, task: { kind: 'classifier', labelOutput: 'y' } },
      /^it gave a score for each class, the new version gives none$/,
    ],
    [
      'classes changed places',
      classifier('setosa', 'versicolor'),
      classifier('versicolor', 'setosa'),
      /^class 0 was "setosa", in the new version it is "versicolor"$/,
    ],
    ['a class is gone', classifier('cat', 'dog'), classifier('cat'), /class 1 was "dog".* is 1$/],
    ['classes get names', classifier(), classifier('cat', 'dog'), /class 0 was 0.* is "cat"$/],
  ]
  for (const [what, old, next, expected] of cases) {
    it(what, () => assert.match(narrowing(old, next) ?? 'nobody is', expected))
  }
})

describe('nobody is left out when', () => {
  const wide: Signature = { ...base, inputs: [x, scale, { ...scale, name: 'bias' }] }
  const cases: readonly (readonly [string, Signature, Signature])[] = [
    ['nothing changed', base, base],
    ['an input is new that may be left out', base, wide],
    ['an input may be left out that had to be given', base, withX({ optional: true })],
    ['an output is new', base, { ...base, outputs: [{ ...y, name: 'z' }, y] }],
    ['an axis takes any size that was fixed', withX({ shape: [1, 4] }), base],
    ['an output has any size that was fixed', withY({ shape: [1, 3] }), base],
    ['an output has a fixed size', base, withY({ shape: [1, 3] })],
    [
      'axes may differ that had to agree',
      { inputs: [x, { ...x, name: 'b' }], outputs: [] },
      { inputs: [x, { ...x, name: 'b', axes: ['m'] }], outputs: [] },
    ],
    [
      'axes have one name that were of one fixed size',
      {
        inputs: [
          withX({ shape: [2, 4] }).inputs[0]!,
          { ...x, name: 'b', shape: [2, 4], axes: ['m'] },
        ],
        outputs: [],
      },
      { inputs: [x, { ...x, name: 'b' }], outputs: [] },
    ],
    [
      'an axis has the size that another one of its name gave it',
      { inputs: [x, { ...x, name: 'b', shape: [2, 4] }], outputs: [] },
      {
        inputs: [
          { ...x, shape: [2, 4] },
          { ...x, name: 'b', shape: [2, 4] },
        ],
        outputs: [],
      },
    ],
    ['inputs are in another order', base, { ...base, inputs: [scale, x] }],
    ['more rows are taken', { ...base, maxBatchSize: 4 }, { ...base, maxBatchSize: 8 }],
    ['rows are not limited any more', { ...base, maxBatchSize: 4 }, base],
    ['the limit is the one row there was', withX({ shape: [1, 4] }), { ...base, maxBatchSize: 1 }],
    ['a limit is wider', ruled('FP32', { minimum: 0, maximum: 1 }), ruled('FP32', { minimum: -1 })],
    [
      'a limit is where the datatype ends',
      ruled('UINT8', {}),
      ruled('UINT8', { minimum: 0, maximum: 255 }),
    ],
    ['NaN is refused of integers', ruled('INT32', {}), ruled('INT32', { nonFinite: 'refuse' })],
    [
      'a limit lies between integers',
      ruled('INT32', { minimum: 1 }),
      ruled('INT32', { minimum: 0.5 }),
    ],
    ['more is listed', ruled('INT32', { allowed: [1] }), ruled('INT32', { allowed: [2, 1] })],
    [
      'what was listed is within the limits',
      ruled('INT32', { allowed: [1, 2] }),
      ruled('INT32', { minimum: 1 }),
    ],
    ['both truth values are listed', ruled('BOOL', {}), ruled('BOOL', { allowed: [true, false] })],
    ['fields get names', base, ruled('FP32', { fields: ['a', 'b', 'c', 'd'] })],
    ['a class is new after the others', classifier('cat'), classifier('cat', 'dog')],
    [
      'classes are named by their places',
      classifier(),
      { ...base, task: { kind: 'classifier', labels: [0, 1] } },
    ],
  ]
  for (const [what, old, next] of cases) {
    it(what, () => assert.equal(narrowing(old, next), undefined))
  }
})

function classifier(...labels: string[]): Signature {
  return { ...base, task: { kind: 'classifier', ...(labels.length > 0 && { labels }) } }
}
