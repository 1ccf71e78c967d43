import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { WrongUsage } from '../../predict/index.ts'
import { readDataFile } from './data-file.ts'
import { oipBinaryForm } from './oip-binary-form.ts'
import { oipJsonForm } from './oip-json-form.ts'
import { plainForm } from './plain-form.ts'
import type { ModelDescription } from './question.ts'

const model: ModelDescription = {
  name: 'm',
  version: undefined,
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
}
const plain = '{"features": [[1, 2], [3, 4.50]]}'
const oip =
  '{"inputs":[{"name":"x","datatype":"FP32","shape":[3,2],"data":[1,2,3,4,5,6]}],"id":"q"}'

describe('a file of requests', () => {
  it('has one a line, empty lines left out, and knows their rows', () => {
    const questions = readDataFile(`${plain}\n\n${oip}\n`, model, 'in-process')
    assert.deepEqual(
      questions.map(({ rows }) => rows),
      [2, 3],
    )
    assert.deepEqual(
      questions.map(({ inputs }) => [...(inputs[0]!.tensor.data as Float32Array)]),
      [
        [1, 2, 3, 4.5],
        [1, 2, 3, 4, 5, 6],
      ],
    )
  })

  it('is sent as it is by the protocol whose bodies they are', () => {
    const text = (form: string, protocol: 'json' | 'oip-json') => {
      const [question] = readDataFile(form, model, protocol)
      const encoder = protocol === 'json' ? plainForm('m', undefined) : oipJsonForm('m', undefined)
      return Buffer.from(encoder.encode(question!).body).toString()
    }
    assert.equal(text(plain, 'json'), plain)
    assert.equal(text(oip, 'oip-json'), oip)
    assert.equal(text(oip, 'json'), '{"inputs":{"x":[[1,2],[3,4],[5,6]]}}')
    assert.equal(
      text(plain, 'oip-json'),
      '{"inputs":[{"name":"x","datatype":"FP32","shape":[2,2],"data":[1,2,3,4.5]}]}',
    )
  })

  it('is put into bytes for the binary protocol', () => {
    const [question] = readDataFile(plain, model, 'oip-binary')
    const { headers, body } = oipBinaryForm('m', '2').encode(question!)
    const length = Number(new Map(headers).get('inference-header-content-length'))
    const { inputs, parameters } = JSON.parse(Buffer.from(body.subarray(0, length)).toString())
    assert.deepEqual(inputs, [
      { name: 'x', datatype: 'FP32', shape: [2, 2], parameters: { binary_data_size: 16 } },
    ])
    assert.deepEqual(parameters, { binary_data_output: true })
    const raw = Buffer.from(body.subarray(length))
    assert.deepEqual(
      [0, 4, 8, 12].map((at) => raw.readFloatLE(at)),
      [1, 2, 3, 4.5],
    )
  })

  it('is left to the server to judge where it is sent as it is', () => {
    const wrong = '{"features": ["x"]}'
    const [question] = readDataFile(wrong, model, 'json')
    assert.equal(question!.body!.text, wrong)
    assert.throws(() => readDataFile(wrong, model, 'oip-binary'), /line 1 of the data: .*"x"/)
  })

  for (const [text, message] of [
    ['', /no line/],
    [`${plain}\nnonsense`, /line 2 of the data: it is not JSON/],
    ['[1, 2]', /line 1 of the data: expected \{"features"/],
    ['null', /line 1 of the data: expected/],
    ['{"inputs":[{"name":"x"}]}', /line 1 of the data: inputs\[0\] has no name/],
    ['{"inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1]}]}', /line 1 .* 1 element/],
  ] as const) {
    it(`is refused where it says ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => readDataFile(text, model, 'in-process'),
        (thrown: Error) => thrown instanceof WrongUsage && message.test(thrown.message),
      )
    })
  }

  it('of another protocol needs to know the model', () => {
    const unknown = { ...model, inputs: [] }
    assert.throws(() => readDataFile(plain, unknown, 'oip-json'), /does not tell/)
    assert.equal(readDataFile(plain, unknown, 'json').length, 1)
  })
})
