import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ragged } from './ragged.ts'

const problemsOf = (value: unknown) =>
  (ragged.safeParse(value).error?.issues ?? []).map(({ path, message }) => [
    path.join('.'),
    message,
  ])

describe('inputs of different shapes', () => {
  it('are told by their names, with what is made from them', () => {
    const { data } = ragged.safeParse({
      inputs: ['x'],
      derived: [{ input: 'ends', kind: 'accumulatedElementCount', from: 'x' }],
    })
    assert.deepEqual(data, {
      inputs: ['x'],
      derived: [{ input: 'ends', kind: 'accumulatedElementCount', from: 'x', datatype: 'INT32' }],
      scattered: [],
    })
  })

  it('are told of once, and made from what clients send', () => {
    const once = 'expected each tensor once, this one is described above'
    const sent = 'expected an input that clients send, this one is derived'
    const made = (input: string, from: string) => ({ input, kind: 'elementCount', from })
    assert.deepEqual(problemsOf({ inputs: ['a', 'b', 'a'] }), [['inputs.2', once]])
    assert.deepEqual(problemsOf({ inputs: ['a'], derived: [made('a', 'b')] }), [
      ['derived.0.input', once],
    ])
    assert.deepEqual(problemsOf({ derived: [made('c', 'a'), made('d', 'c')] }), [
      ['derived.1.from', sent],
    ])
    assert.deepEqual(
      problemsOf({
        derived: [made('c', 'a')],
        scattered: [
          { output: 'y', like: 'a' },
          { output: 'y', like: 'c' },
        ],
      }),
      [
        ['scattered.1.output', once],
        ['scattered.1.like', sent],
      ],
    )
  })
})
