import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { WrongUsage } from './asked-model.ts'
import { targetOf } from './target.ts'

describe('who is asked', () => {
  for (const [text, model, base, route] of [
    ['http://127.0.0.1:8000', undefined, 'http://127.0.0.1:8000/', 'predict'],
    ['http://127.0.0.1:8000/', 'iris', 'http://127.0.0.1:8000/', 'predict/iris'],
    ['https://h/below', 'a b', 'https://h/below/', 'predict/a%20b'],
    ['http://h/predict', 'iris', 'http://h/', 'predict/iris'],
    ['http://h/predict/iris/', undefined, 'http://h/', 'predict/iris'],
    ['http://h/below/v1/predict/iris', undefined, 'http://h/below/', 'v1/predict/iris'],
    ['http://h/predict/iris/versions/3', undefined, 'http://h/', 'predict/iris/versions/3'],
  ] as const) {
    it(`is ${route} of ${base} for ${text}`, () => {
      assert.deepEqual(targetOf(text, model), { kind: 'server', base, route })
    })
  }

  it('is on disk where there is no address', () => {
    assert.deepEqual(targetOf('models/a:b.onnx', 'x'), { kind: 'disk', path: 'models/a:b.onnx' })
  })

  for (const [text, model] of [
    ['http://h/predict/iris', 'digits'],
    ['ftp://h', undefined],
    ['http://', undefined],
    ['http://user:word@h', undefined],
    ['127.0.0.1:8000', undefined],
    ['localhost:8000/predict', undefined],
  ] as const) {
    it(`is refused as wrong usage: ${text} with ${model}`, () => {
      assert.throws(() => targetOf(text, model), WrongUsage)
    })
  }
})
