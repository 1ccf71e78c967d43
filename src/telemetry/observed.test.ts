import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Call } from '../call.ts'
import { HandClock } from '../clock.ts'
import { fail } from '../errors.ts'
import type { Event } from '../events.ts'
import type { InferenceRequest, InferenceResponse, Predictor } from '../predictor.ts'
import { observed } from './index.ts'

test('an answer is told with its rows, duration and timing', async () => {
  const { events, predictor, request, call } = setUp({ rows: [3, 2], answers: [7] })
  const response = await predictor.predict(request, call)
  assert.deepEqual(response, answer(7))
  assert.deepEqual(events, [told(undefined, 3, 7, answer(7).timing)])
})

test('an error is told by its code, and passed on as it was thrown', async () => {
  const thrown = fail('QUEUE_FULL', { model: 'iris', limit: 5 })
  const { events, predictor, request, call } = setUp({ rows: [2], answers: [thrown] })
  await assert.rejects(predictor.predict(request, call), (error) => error === thrown)
  assert.deepEqual(events, [told('overloaded', 2, 0, undefined)])
})

test('what nobody foresaw counts as internal', async () => {
  const { events, predictor, request, call } = setUp({ rows: [2], answers: [new TypeError('x')] })
  await assert.rejects(predictor.predict(request, call), TypeError)
  assert.deepEqual(events, [told('internal', 2, 0, undefined)])
})

test('a scalar is one row', async () => {
  const { events, predictor, request, call } = setUp({ rows: [], answers: [1] })
  await predictor.predict(request, call)
  assert.deepEqual(events, [told(undefined, 1, 1, answer(1).timing)])
})

test('a stream is told once, when it ends, with the sum of its timings', async () => {
  const { events, predictor, request, call } = setUp({ rows: [4], answers: [1, 2, 5] })
  let answers = 0
  for await (const _ of predictor.stream(request, call)) {
    answers += 1
    assert.deepEqual(events, [])
  }
  assert.equal(answers, 3)
  const timing = { queueMs: 8, inputMs: 16, runMs: 24, outputMs: 32 }
  assert.deepEqual(events, [told(undefined, 4, 8, timing)])
})

test('a stream that fails half way is told with the error', async () => {
  const { events, predictor, request, call } = setUp({
    rows: [4],
    answers: [2, fail('RUN_FAILED')],
  })
  await assert.rejects(async () => {
    for await (const _ of predictor.stream(request, call)) await Promise.resolve()
  }, /failed to run/)
  assert.deepEqual(events, [told('internal', 4, 2, answer(2).timing)])
})

test('a stream that nobody reads to its end was cancelled, and ends the work below it', async () => {
  const { events, predictor, request, call, ended } = setUp({ rows: [4], answers: [2, 3] })
  for await (const _ of predictor.stream(request, call)) break
  assert.deepEqual(events, [told('cancelled', 4, 2, answer(2).timing)])
  assert.equal(ended(), true)
})

test('a stream left because its deadline passed says so', async () => {
  const { events, predictor, request, call } = setUp({ rows: [4], answers: [2, 3] })
  for await (const _ of predictor.stream(request, call)) {
    call.end(fail('DEADLINE_EXCEEDED', { where: 'served' }))
    break
  }
  assert.deepEqual(events, [told('deadline_exceeded', 4, 2, answer(2).timing)])
})

/** `answers`: how many milliseconds each takes, or the error it is. */
test('the time that requests are under way is added up as it passes', async () => {
  const { clock, inFlight, request, call, predictor } = setUp({ rows: [1], answers: [8, 6] })
  const under = () => [inFlight.count, inFlight.msUntil(clock.now())]
  assert.deepEqual(under(), [0, 0])
  const stream = predictor.stream(request, call)[Symbol.asyncIterator]()
  await stream.next()
  clock.advance(3)
  assert.deepEqual(under(), [1, 11])
  // another takes 8 ms, in which both are under way
  const other = predictor.predict(request, call)
  assert.deepEqual(under(), [2, 27])
  await other
  assert.deepEqual(under(), [1, 27])
  await stream.return?.()
  clock.advance(100)
  assert.deepEqual(under(), [0, 27])
})

test('a request that fails is under way no longer', async () => {
  const { inFlight, request, call, predictor } = setUp({ rows: [1], answers: [new Error('x')] })
  await assert.rejects(predictor.predict(request, call))
  assert.equal(inFlight.count, 0)
})

function setUp({ rows, answers }: { rows: number[]; answers: (number | Error)[] }) {
  const clock = new HandClock()
  const events: Event[] = []
  let streamEnded = false
  function next(from: number | Error | undefined): InferenceResponse {
    if (typeof from !== 'number') throw from
    clock.advance(from)
    return answer(from)
  }
  const inner: Predictor = {
    signature: { inputs: [], outputs: [] },
    predict: async () => next(answers[0]),
    async *stream() {
      try {
        for (const from of answers) yield next(from)
      } finally {
        streamEnded = true
      }
    },
  }
  const request: InferenceRequest = {
    inputs: [
      { name: 'first', tensor: { datatype: 'FP32', shape: rows, data: new Float32Array(6) } },
      { name: 'other', tensor: { datatype: 'FP32', shape: [99], data: new Float32Array(99) } },
    ],
  }
  const of = { model: 'iris', version: '7', events: { emit: (event: Event) => events.push(event) } }
  const predictor = observed(inner, { ...of, clock })
  const [watched] = events.splice(0)
  assert.ok(watched?.kind === 'watched')
  return {
    events,
    request,
    call: new Call({ requestId: 'r1' }),
    ended: () => streamEnded,
    predictor,
    clock,
    inFlight: watched.inFlight,
  }
}

function answer(ms: number): InferenceResponse {
  return {
    model: 'iris',
    version: '7',
    outputs: [],
    timing: { queueMs: ms, inputMs: ms * 2, runMs: ms * 3, outputMs: ms * 4 },
  }
}

const told = (
  error: string | undefined,
  rows: number,
  durationMs: number,
  timing: InferenceResponse['timing'] | undefined,
) => ({ kind: 'request', model: 'iris', version: '7', error, rows, durationMs, timing })
