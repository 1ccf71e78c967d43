import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { WrongUsage } from '../../predict/index.ts'
import { addressOf } from './address.ts'

describe('a target', () => {
  for (const [text, base, model, version] of [
    ['http://h:81', 'http://h:81/', undefined, undefined],
    ['http://h:81/', 'http://h:81/', undefined, undefined],
    ['https://h/below', 'https://h/below/', undefined, undefined],
    ['http://h/v2', 'http://h/', undefined, undefined],
    ['http://h/predict', 'http://h/', undefined, undefined],
    ['http://h/predict/iris', 'http://h/', 'iris', undefined],
    ['http://h/below/v1/predict/a%20b/versions/7', 'http://h/below/', 'a b', '7'],
    ['http://h/v2/models/iris', 'http://h/', 'iris', undefined],
    ['http://h/below/v2/models/iris/versions/2/infer', 'http://h/below/', 'iris', '2'],
  ] as const) {
    it(`is the server of ${text}`, () => {
      assert.deepEqual(addressOf(text, undefined, undefined), {
        kind: 'server',
        base,
        model,
        version,
      })
    })
  }

  it('is a path where it is no address, and a model by its flag', () => {
    const address = { kind: 'disk', path: 'models/iris', model: 'x' }
    assert.deepEqual(addressOf('models/iris', 'x', undefined), address)
    const server = addressOf('http://h', 'iris', '4')
    assert.ok(server.kind === 'server' && server.model === 'iris' && server.version === '4')
  })

  for (const [text, model, version] of [
    ['127.0.0.1:8000', undefined, undefined],
    ['ftp://h', undefined, undefined],
    ['http://h/predict/iris', 'digits', undefined],
    ['http://h/v2/models/iris/versions/1', 'iris', '2'],
    ['iris.onnx', undefined, '2'],
  ] as const) {
    it(`is refused: ${text} with ${model} and ${version}`, () => {
      assert.throws(() => addressOf(text, model, version), WrongUsage)
    })
  }
})
