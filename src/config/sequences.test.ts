import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseModelConfig } from './load-model.ts'
import { ConfigError } from './problem.ts'

const read = (yaml: string) => parseModelConfig(`sequences: ${yaml}`, 'model.yaml').sequences

test('a model has no sequences unless it says so', () => {
  assert.equal(parseModelConfig('{}', 'model.yaml').sequences, undefined)
  assert.deepEqual(read('{}'), {
    strategy: 'direct',
    idleTimeoutMs: 1000,
    maxDelayMs: 0,
    minimumUtilization: 0,
    preferred: [],
    preserveOrdering: false,
    maxStateBytes: 256 * 2 ** 20,
    controls: [],
    state: [],
  })
})

test('controls and states say no more than they must', () => {
  const told = read(`
  maxStateBytes: 3KiB
  controls:
    - {input: S, means: start}
    - {input: E, means: end, values: [false, true]}
  state:
    - {input: h, output: h2}
    - {input: c, output: c2, shape: [-1, 4], initial: {shape: [2, 4], value: 0.5}, visible: true}`)!
  assert.equal(told.maxStateBytes, 3072)
  assert.deepEqual(told.controls, [
    { input: 'S', means: 'start', values: [0, 1] },
    { input: 'E', means: 'end', values: [false, true] },
  ])
  assert.deepEqual(told.state, [
    { input: 'h', output: 'h2', initial: { value: 0 }, visible: false },
    {
      input: 'c',
      output: 'c2',
      shape: [-1, 4],
      initial: { shape: [2, 4], value: 0.5 },
      visible: true,
    },
  ])
})

const wrong: readonly (readonly [yaml: string, message: RegExp])[] = [
  ['{strategy: newest}', /sequences\.strategy/],
  ['{idleTimeoutMs: 0}', /sequences\.idleTimeoutMs/],
  ['{minimumUtilization: 1.5}', /sequences\.minimumUtilization/],
  ['{controls: [{input: S, means: begin}]}', /sequences\.controls\[0\]\.means/],
  ['{controls: [{input: S, means: start, values: [1]}]}', /sequences\.controls\[0\]\.values/],
  [
    '{controls: [{input: S, means: start}, {input: T, means: start}]}',
    /sequences\.controls\[1\]\.means.*expected each of them once, "start" is told above/s,
  ],
  ['{state: [{input: h}]}', /sequences\.state\[0\]\.output/],
  ['{idleTimeout: 3}', /sequences.*idleTimeoutMs/s],
]
for (const [yaml, message] of wrong) {
  test(`it is refused with its place: ${yaml}`, () => {
    assert.throws(
      () => read(yaml),
      (thrown) => thrown instanceof ConfigError && message.test(thrown.message),
    )
  })
}
