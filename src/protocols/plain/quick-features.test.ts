import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Signature } from '../../signature.ts'
import type { Datatype } from '../../tensor/index.ts'
import { decodeNamedJsonBody } from '../json/index.ts'
import { inputOf } from '../testing.ts'
import { decodeJson } from './decode.ts'
import { quickFeatures } from './quick-features.ts'

test('one row and several rows are read the short way, however they are spaced', () => {
  for (const [text, shape, oneRow] of [
    ['{"features":[1,2,3]}', [1, 3], true],
    ['{"features": [1.5, -2, 0.25]}', [1, 3], true],
    [' {\n "features"\t:\r\n [ 1 , 2 , 3 ] } \n', [1, 3], true],
    ['{"features":[[1,2,3]]}', [1, 3], false],
    ['{"features": [ [1, 2, 3] , [4, 5, 6] ] }', [2, 3], false],
  ] as const) {
    const quick = quickFeatures(signatureOf('FP32'), Buffer.from(text))
    assert.deepEqual(quick?.request.inputs[0]?.tensor.shape, shape, text)
    assert.equal(quick?.oneRow, oneRow)
    assert.deepEqual(told(quick), told(longWay('FP32', text)))
  }
})

test('whatever else a body is, is left to the long way', () => {
  const others = `
    {  {}  []  {"features":  {"features":[  {"features":[]}  {"features":[[]]}
    {"features":[1,2]}  {"features":[1,2,3,4]}  {"features":[1,2,3]  {"features":[1,2,3]}}
    {"features":[1,2,3],"features":[4,5,6]}  {"features":[1,2,3],"more":1}  {"feature":[1,2,3]}
    {"inputs":[1,2,3]}  {"features":[[1,2],[3,4,5]]}  {"features":[[1,2,3],4,5,6]}
    {"features":[[1,2,3],[4,5]]}  {"features":[[1,2,3][4,5,6]]}  {"features":[[1,2,3],]}
    {"features":[[[1,2,3]]]}  {"features":[1,2,"3"]}  {"features":[1,2,null]}
    {"features":[[1,2,3]}  {"features":[1,2,3]]}  {"features":{"a":1}}  {"features"[1,2,3]}`
  for (const text of [...others.trim().split(/\s+/), '', '\ufeff{"features":[1,2,3]}']) {
    assert.equal(quickFeatures(signatureOf('FP32'), Buffer.from(text)), undefined, text)
  }
})

test('a model that takes anything but rows of so many numbers is asked the long way', () => {
  const body = Buffer.from('{"features":[1,2,3]}')
  const [input] = signatureOf('FP32').inputs
  for (const inputs of [
    ...[[], [input!, { ...input!, name: 'y', optional: true }]],
    ...[[-1], [-1, -1], [3, 3], [1, 3], [-1, 3, 1], [-1, 0]].map((shape) => [{ ...input!, shape }]),
    ...(['BOOL', 'FP16', 'BYTES', 'UINT64'] as const).map((datatype) => [{ ...input!, datatype }]),
  ]) {
    assert.equal(quickFeatures({ inputs, outputs: [] }, body), undefined)
  }
})

test('a body is decoded as the long way decodes it, or left to it', () => {
  let quickly = 0
  fc.assert(
    fc.property(fc.constantFrom('FP32', 'INT64'), body, (datatype, text) => {
      const quick = quickFeatures(signatureOf(datatype), Buffer.from(text))
      if (quick === undefined) return
      quickly += 1
      assert.deepEqual(told(quick), told(longWay(datatype, text)))
    }),
    { seed: 9, numRuns: 3000 },
  )
  assert.ok(quickly > 300, `${quickly} bodies were short enough`)
})

const number = fc.oneof(
  { weight: 60, arbitrary: fc.integer({ min: -50, max: 50 }).map(String) },
  { weight: 20, arbitrary: fc.double({ noNaN: true }).map((value) => `${JSON.stringify(value)}`) },
  fc.constantFrom('01', '1e2', '"1"', '[1]', '', 'null', '-', '-0', '1.'),
)
const row = fc
  .oneof({ weight: 9, arbitrary: fc.constant(3) }, fc.nat(4))
  .chain((length) => fc.array(number, { minLength: length, maxLength: length }))
  .map((numbers) => `[${numbers.join()}]`)
const value = fc.oneof(
  row,
  fc.array(row, { maxLength: 4 }).map((rows) => `[${rows.join()}]`),
)
/** Right for the most part, with a character changed, added or lost here and there. */
const body = fc
  .tuple(
    value.map((text) => `{"features":${text}}`),
    fc.option(
      fc.tuple(fc.nat(60), fc.constantFrom('', ' ', ',', '[', ']', '}', '"', '0'), fc.nat(1)),
      {
        freq: 2,
      },
    ),
  )
  .map(([text, change]) => {
    if (change === null) return text
    const [at, character, lost] = change
    return text.slice(0, at) + character + text.slice(at + lost)
  })

const signatureOf = (datatype: Datatype): Signature => ({
  inputs: [inputOf('x', datatype, [-1, 3])],
  outputs: [],
})

const longWay = (datatype: Datatype, text: string) =>
  decodeNamedJsonBody(Buffer.from(text), (body) => decodeJson('m', signatureOf(datatype), body))

/** All that is said of a request; 0 and -0 differ. */
const told = (plain: ReturnType<typeof quickFeatures>) =>
  plain && { ...plain, pathOf: plain.pathOf('x') }
