import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { WrongUsage } from '../../predict/index.ts'
import { parseTrace } from './trace.ts'

describe('a trace', () => {
  it('is counted from its first moment, in milliseconds', () => {
    assert.deepEqual(parseTrace('# from a log\n100.5\n\n100.75  # noon\n102\n'), [0, 250, 1500])
  })

  for (const [text, message] of [
    ['1\n2\nx\n', /line 3 of the trace: expected seconds, got x/],
    ['# nothing\n', /empty/],
    ['5\n4\n', /line 2 of the trace: expected no earlier moment/],
    ['1e999\n', /line 1/],
  ] as const) {
    it(`is refused where it says ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseTrace(text),
        (thrown: Error) => thrown instanceof WrongUsage && message.test(thrown.message),
      )
    })
  }
})
