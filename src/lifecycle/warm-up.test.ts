import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from '../call.ts'
import { checked } from '../checked.ts'
import { fail, ServingError } from '../errors.ts'
import type { InferenceRequest, InferenceResponse, Predictor } from '../predictor.ts'
import type { Signature } from '../signature.ts'
import { numberToBf16, numberToFp16, type Tensor } from '../tensor/index.ts'
import { synthesize } from './sample.ts'
import { type WarmUpOptions, warmUp } from './warm-up.ts'

const fixed: Signature = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
}
const open: Signature = { ...fixed, inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, -1] }] }

type Answer = (request: InferenceRequest, call: Call) => Tensor | Error

/** A model that answers as it is told, behind the door. */
function model(signature: Signature, answer: Answer) {
  const asked: (readonly number[])[] = []
  const streams = { opened: 0, given: 0, returned: 0 }
  const respond = (request: InferenceRequest, call: Call): InferenceResponse => {
    asked.push(Array.from(request.inputs[0]!.tensor.data as Float32Array))
    const tensor = answer(request, call)
    if (tensor instanceof Error) throw tensor
    const timing = { queueMs: 0, inputMs: 0, runMs: 0, outputMs: 0 }
    return { model: 'm', version: '1', outputs: [{ name: 'y', tensor }], timing }
  }
  const inner: Predictor = {
    signature,
    predict: async (request, call) => respond(request, call),
    async *stream(request, call) {
      streams.opened += 1
      try {
        for (;;) {
          yield respond(request, call)
          streams.given += 1
        }
      } finally {
        streams.returned += 1
      }
    },
  }
  return { predictor: checked('m', inner), asked, streams }
}

const fp32 = (...values: number[]): Tensor => ({
  datatype: 'FP32',
  shape: [values.length],
  data: Float32Array.from(values),
})

function warm(predictor: Predictor, more: Partial<WarmUpOptions> = {}) {
  return warmUp({
    predictor,
    samples: [],
    synthesized: synthesize(predictor.signature),
    runs: 1,
    nonFinite: 'warn',
    call: new Call({ requestId: 'warm-up' }),
    ...more,
  })
}

const sample = (name: string, count: number, ...values: number[]) => ({
  name,
  count,
  request: { inputs: [{ name: 'x', tensor: { ...fp32(...values), shape: [1, values.length] } }] },
})

const refusal = async (warming: Promise<unknown>): Promise<ServingError> => {
  const outcome = await warming.catch((thrown: unknown) => thrown)
  assert.ok(outcome instanceof ServingError, 'it is refused')
  return outcome
}

describe('a made-up request', () => {
  it('is asked as often as is wished', async () => {
    for (const runs of [1, 3]) {
      const { predictor, asked } = model(fixed, () => fp32(1))
      assert.deepEqual(await warm(predictor, { runs }), [])
      assert.deepEqual(asked, Array(runs).fill([1, 1]))
    }
  })

  it('refuses the version where it fails and only the rows were guessed', async () => {
    const cause = new Error('Non-zero status code')
    const { predictor, asked } = model(fixed, () => fail('RUN_FAILED', {}, cause))
    const why = await refusal(warm(predictor, { runs: 3 }))
    assert.equal(why.reason, 'WARM_UP_FAILED')
    assert.equal(why.message, 'a made-up request was not answered: the model failed to run')
    assert.equal(why.cause, cause)
    assert.equal(asked.length, 1)
  })

  it('is a warning where it fails and more was guessed', async () => {
    const { predictor, asked } = model(open, () => fail('RUN_REFUSED', { problem: 'too short' }))
    const [warning, ...others] = await warm(predictor, { runs: 3 })
    assert.match(warning!, /^it was not warmed up: .* the model refused this input: too short; /)
    assert.match(warning!, /give a real one as warmUp\.samples in model\.yaml$/)
    assert.deepEqual(others, [])
    assert.equal(asked.length, 1)
  })

  it('that could not be made is a warning', async () => {
    const { predictor, asked } = model(fixed, () => fp32(1))
    const [warning] = await warm(predictor, { synthesized: undefined })
    assert.match(warning!, /too large; give a real one/)
    assert.equal(asked.length, 0)
  })

  it('that cannot obey the rules for values refuses the version', async () => {
    const constraints = { minimum: 0.2, maximum: 0.4 }
    const none: Signature = {
      ...fixed,
      inputs: [{ name: 'x', datatype: 'INT32', shape: [-1], constraints }],
    }
    const why = await refusal(warm(model(none, () => fp32(1)).predictor))
    assert.match(why.message, /made-up request was not answered: input "x": 0 is out of range/)
  })
})

describe('configured samples', () => {
  it('are asked in place of a made-up request, each as often as it says', async () => {
    const { predictor, asked } = model(fixed, () => fp32(1))
    const samples = [sample('a', 2, 5, 6), sample('b', 1, 7, 8)]
    assert.deepEqual(await warm(predictor, { samples, runs: 9 }), [])
    assert.deepEqual(asked, [
      [5, 6],
      [5, 6],
      [7, 8],
    ])
  })

  it('are left out where nothing is to be run', async () => {
    const { predictor, asked } = model(fixed, () => fp32(1))
    assert.deepEqual(await warm(predictor, { samples: [sample('a', 2, 5, 6)], runs: 0 }), [])
    assert.deepEqual(await warm(predictor, { runs: 0 }), [])
    assert.equal(asked.length, 0)
  })

  it('refuse the version where one fails, whatever its shape', async () => {
    const { predictor } = model(open, ({ inputs }) =>
      inputs[0]!.tensor.data[0] === 7 ? fail('RUN_REFUSED', { problem: 'seven' }) : fp32(1),
    )
    const samples = [sample('a', 1, 5), sample('b', 1, 7)]
    const why = await refusal(warm(predictor, { samples }))
    assert.equal(why.reason, 'WARM_UP_FAILED')
    assert.equal(
      why.message,
      'warm-up sample "b" was not answered: the model refused this input: seven',
    )
  })

  it('are held to the signature', async () => {
    const { predictor, asked } = model(fixed, () => fp32(1))
    const why = await refusal(warm(predictor, { samples: [sample('a', 1, 1, 2, 3)] }))
    assert.match(why.message, /sample "a" was not answered: input "x" has shape \[1,3\]/)
    assert.equal(asked.length, 0)
  })
})

describe('NaN and infinities in an answer', () => {
  const halves = (datatype: 'FP16' | 'BF16', ...values: number[]): Tensor => ({
    datatype,
    shape: [values.length],
    data: Uint16Array.from(values.map(datatype === 'FP16' ? numberToFp16 : numberToBf16)),
  })
  const doubles = (...values: number[]): Tensor => ({
    datatype: 'FP64',
    shape: [values.length],
    data: Float64Array.from(values),
  })
  const large = new Float32Array(2 ** 20 + 3)
  const bad: readonly (readonly [string, Tensor])[] = [
    ['NaN', fp32(1, NaN)],
    ['infinity', fp32(Infinity)],
    ['FP64', doubles(0, -Infinity)],
    ['FP16', halves('FP16', 1, NaN)],
    ['FP16, negative', halves('FP16', -Infinity)],
    ['BF16', halves('BF16', 3, Infinity)],
    [
      'the end of a large one',
      { datatype: 'FP32', shape: [large.length], data: large.with(-1, NaN) },
    ],
  ]
  const good: readonly (readonly [string, Tensor])[] = [
    ['large numbers', fp32(3.4e38, -3.4e38, 0)],
    ['the largest FP16', halves('FP16', 65504, -65504)],
    ['large BF16', halves('BF16', 3e38)],
    ['doubles', doubles(Number.MAX_VALUE)],
    ['a large one', { datatype: 'FP32', shape: [large.length], data: large }],
    ['bits of integers', { datatype: 'UINT16', shape: [1], data: Uint16Array.of(0x7c00) }],
    ['text', { datatype: 'BYTES', shape: [1], data: [Buffer.from('NaN')] }],
    ['nothing', fp32()],
  ]

  for (const [what, tensor] of bad) {
    it(`are a warning, once: ${what}`, async () => {
      const warnings = await warm(model(fixed, () => tensor).predictor, { runs: 3 })
      assert.deepEqual(warnings, ['output "y" holds NaN or infinity for a made-up request'])
    })

    it(`refuse the version where that is asked: ${what}`, async () => {
      const why = await refusal(warm(model(open, () => tensor).predictor, { nonFinite: 'refuse' }))
      assert.equal(why.reason, 'WARM_UP_FAILED')
      assert.equal(why.message, 'output "y" holds NaN or infinity for a made-up request')
    })
  }
  for (const [what, tensor] of good) {
    it(`are not seen in ${what}`, async () => {
      const { predictor } = model(fixed, () => tensor)
      assert.deepEqual(await warm(predictor, { nonFinite: 'refuse' }), [])
    })
  }

  it('name the sample', async () => {
    const { predictor } = model(fixed, () => fp32(NaN))
    const warnings = await warm(predictor, {
      samples: [sample('a', 1, 1, 2), sample('b', 1, 1, 2)],
    })
    assert.match(warnings[0]!, /for warm-up sample "a"$/)
    assert.match(warnings[1]!, /for warm-up sample "b"$/)
  })

  it('that come before a failure are told with it', async () => {
    let runs = 0
    const { predictor } = model(open, () => (++runs === 1 ? fp32(NaN) : fail('RUN_FAILED')))
    assert.equal((await warm(predictor, { runs: 2 })).length, 2)
  })
})

describe('a model that streams', () => {
  it('gives its first answer, and is let go', async () => {
    const { predictor, streams } = model({ ...fixed, streams: true }, () => fp32(NaN))
    assert.equal((await warm(predictor, { runs: 2 })).length, 1)
    assert.deepEqual(streams, { opened: 2, given: 0, returned: 2 })
  })

  it('refuses the version where it fails', async () => {
    const { predictor } = model({ ...fixed, streams: true }, () => fail('RUN_FAILED'))
    assert.equal((await refusal(warm(predictor))).reason, 'WARM_UP_FAILED')
  })

  it('may have nothing to say', async () => {
    const predictor: Predictor = {
      signature: { ...fixed, streams: true },
      predict: () => Promise.reject(fail('MODEL_STREAMS', { model: 'm' })),
      async *stream() {},
    }
    assert.deepEqual(await warm(predictor), [])
  })
})

describe('a call that has ended', () => {
  const timeout = fail('LOAD_TIMEOUT', { ms: 5 })

  it('asks nothing', async () => {
    const { predictor, asked } = model(fixed, () => fp32(1))
    const call = new Call({ requestId: 'w' })
    call.end(timeout)
    assert.equal(await refusal(warm(predictor, { call })), timeout)
    assert.equal(asked.length, 0)
  })

  it('tells why it ended, and not what came of it', async () => {
    for (const signature of [fixed, open, { ...fixed, streams: true }]) {
      const { predictor } = model(signature, (_, call) => {
        call.end(timeout)
        return fail('CANCELLED')
      })
      assert.equal(await refusal(warm(predictor)), timeout)
    }
  })

  it('ends the warm-up between two runs', async () => {
    const { predictor, asked } = model(fixed, (_, call) => {
      call.end(timeout)
      return fp32(1)
    })
    assert.equal(await refusal(warm(predictor, { runs: 5 })), timeout)
    assert.equal(await refusal(warm(predictor, { runs: 1 })), timeout)
    assert.equal(asked.length, 2)
  })
})
