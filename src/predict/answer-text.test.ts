import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answerText } from './answer-text.ts'

describe('an answer for people', () => {
  it('has the classes of a row by their names, the likeliest first', () => {
    assert.deepEqual(
      lines({ prediction: 'dog', probability: [0.123456, 0.8, 0.0765] }, ['cat', 'dog', 'emu']),
      [
        'prediction   dog',
        'probability  dog  0.8',
        '             cat  0.1235',
        '             emu  0.0765',
      ],
    )
  })

  it('numbers classes without names', () => {
    assert.deepEqual(
      lines({ prediction: 1, probability: [0.25, 'NaN'] }, ['of', 'another', 'kind']),
      ['prediction   1', 'probability  class 0  0.25', '             class 1  NaN'],
    )
  })

  it('has a line for each of several rows', () => {
    const answer = {
      prediction: ['dog', 'cat'],
      probability: [
        [0.25, 0.75],
        [0.9, 0.1],
      ],
    }
    assert.deepEqual(lines(answer, ['cat', 'dog']), [
      'row  prediction  cat   dog',
      '0    dog         0.25  0.75',
      '1    cat         0.9   0.1',
    ])
  })

  it('has the ten likeliest of many classes, and only the highest score beside rows', () => {
    const scores = Array.from({ length: 12 }, (_, at) => at / 100)
    const one = lines({ prediction: 11, probability: scores })
    assert.deepEqual(
      [one[1], one.at(-1)],
      ['probability  class 11  0.11', '             and 2 more'],
    )
    assert.equal(one.length, 12)
    assert.deepEqual(lines({ prediction: [11, 11], probability: [scores, scores.with(3, 0.5)] }), [
      'row  prediction  highest',
      '0    11          0.11',
      '1    11          0.5',
    ])
  })

  it('has the number of a regressor, rounded to seven digits', () => {
    assert.deepEqual(lines({ prediction: 152.13345336914062 }), ['prediction  152.1335'])
    assert.deepEqual(lines({ prediction: [1.5, 2.5] }), ['row  prediction', '0    1.5', '1    2.5'])
  })

  it('has outputs as they are, cut where they are long', () => {
    const [short, long] = lines({
      outputs: {
        a: [
          [1, 'x'],
          [true, { b64: '/w==' }],
        ],
        bc: Array(999).fill(1),
      },
    })
    assert.equal(short, 'a   [[1, x], [true, {"b64":"/w=="}]]')
    assert.match(long!, /^bc {2}\[1, 1.{990,1000}… \(--json prints all\)$/)
  })

  it('keeps every digit of integers', () => {
    const answer = '{"prediction":9007199254740993,"model_version":"1","latency_ms":1}'
    assert.match(answerText(answer, undefined), /^prediction {2}9007199254740993\n/)
  })
})

/** Without the last line, which tells version and time. */
function lines(answer: object, labels?: readonly unknown[]): readonly string[] {
  const text = answerText(
    JSON.stringify({ ...answer, model_version: '7', latency_ms: 1.5 }),
    labels,
  )
  const all = text.split('\n')
  assert.deepEqual(all.slice(-2), ['version 7, 1.5 ms', ''])
  return all.slice(0, -2)
}
