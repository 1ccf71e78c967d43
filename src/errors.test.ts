import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import {
  codeOf,
  type Facts,
  type FactsOf,
  fail,
  REASONS,
  type Reason,
  ServingError,
} from './errors.ts'
import { httpStatus } from './transport/http/status.ts'

const mismatch = { model: 'm', input: 'x', expected: 'FP32', got: 'INT8' }
const known = ['a', 'b']

/** Facts of every reason, as whoever fails gives them. */
const facts: { readonly [R in Reason]: unknown extends FactsOf<R> ? Facts : FactsOf<R> } = {
  BODY_MALFORMED: { problem: 'the body is no JSON' },
  BODY_TOO_LARGE: { limit: 100 },
  BODY_TIMEOUT: { ms: 30 },
  MEMORY_SHORT: {},
  MEDIA_TYPE_UNSUPPORTED: { what: 'Content-Type', got: 'a/b', expected: 'application/json' },
  PARAMETER_INVALID: { parameter: 'id', expected: 'a number', got: 'text' },
  ROUTE_NOT_FOUND: { url: '/nowhere' },
  METHOD_NOT_ALLOWED: { method: 'PUT', allowed: ['GET', 'HEAD'] },
  HOST_REFUSED: { header: 'Host', got: 'evil' },
  TOKEN_MISSING: {},
  TOKEN_WRONG: {},
  TOKEN_UNSET: {},
  MODEL_NOT_FOUND: { model: 'm', known },
  MODEL_AMBIGUOUS: { known },
  MODEL_NAME_INVALID: { model: '../m' },
  VERSION_NOT_FOUND: { model: 'm', version: '2', known: ['1'] },
  MODEL_NOT_READY: { model: 'm', state: 'loading' },
  MODEL_STREAMS: { model: 'm' },
  INPUT_UNKNOWN: { model: 'm', input: 'z', known },
  INPUT_MISSING: { model: 'm', inputs: ['a'], known, given: ['b'] },
  INPUT_DUPLICATE: { input: 'x' },
  OUTPUT_UNKNOWN: { model: 'm', output: 'z', known },
  OUTPUT_DUPLICATE: { output: 'y' },
  DATATYPE_MISMATCH: mismatch,
  SHAPE_MISMATCH: mismatch,
  SHAPE_INVALID: mismatch,
  BATCH_TOO_LARGE: { model: 'm', limit: 8, got: 9 },
  COUNT_MISMATCH: mismatch,
  VALUE_INVALID: mismatch,
  VALUE_OUT_OF_RANGE: mismatch,
  SEQUENCE_ID_MISSING: { model: 'm' },
  SEQUENCE_NOT_STARTED: { model: 'm', sequence: '42' },
  SEQUENCE_ROWS: { model: 'm' },
  SEQUENCE_STATES_FULL: { model: 'm', limit: 8 },
  QUEUE_FULL: { model: 'm', limit: 8 },
  QUEUE_BYTES_FULL: { model: 'm', limit: 8 },
  QUEUE_TIMEOUT: { model: 'm', ms: 8 },
  DEADLINE_UNREACHABLE: { model: 'm', predictedMs: 80, leftMs: 20 },
  DRAINING: {},
  DEADLINE_EXCEEDED: { where: 'waiting' },
  CANCELLED: {},
  MODEL_UNREADABLE: { problem: 'm.onnx is empty' },
  MODEL_UNSUPPORTED: { problem: 'm.onnx is too new' },
  DIGEST_MISMATCH: { file: '1/model.onnx', expected: 'aa', got: 'bb' },
  SIGNATURE_NARROWED: { model: 'churn', version: '1', problem: 'the input "x" is gone' },
  WARM_UP_FAILED: { problem: 'it answers what is not finite' },
  LOAD_TIMEOUT: { ms: 30 },
  LOAD_FAILED: { model: 'm', why: 'no version is available' },
  MODEL_MEMORY_SHORT: { needed: 3, free: 2, limit: 8 },
  CONTROL_REFUSED: { problem: 'models are not loaded one by one here' },
  RELOAD_REFUSED: { problem: 'the configuration is wrong' },
  NOT_BUILT: { what: 'gRPC' },
  RUN_REFUSED: { problem: 'index 9 is out of range' },
  RUN_FAILED: {},
  INTERNAL: {},
}

const errorOf = (reason: Reason) => new ServingError(reason, facts[reason] as Facts)

describe('the reference page of errors', () => {
  const page = readFileSync(new URL('../docs/reference/errors.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| `(\w+)` \| (\d+) \| (.+) \|$/gm)]
  const codes = [...page.matchAll(/^\| `([a-z_]+)` \| (\d+) \| .+ \|$/gm)]

  it('has every reason of the catalogue once, in its order, and no other', () => {
    assert.deepEqual(
      rows.map(([, reason]) => reason),
      REASONS,
    )
  })

  it('has every code once, and no other', () => {
    const listed = codes.map(([, code]) => code)
    assert.deepEqual([...listed].sort(), [...new Set(listed)].sort())
    for (const reason of REASONS) assert.ok(listed.includes(codeOf(reason)), codeOf(reason))
  })

  for (const [, reason, code, status] of rows) {
    it(`tells the code and the status of ${reason}`, () => {
      assert.equal(code, codeOf(reason as Reason))
      assert.equal(Number(status), httpStatus(errorOf(reason as Reason)))
    })
  }

  it('tells the status of every code', () => {
    // the two reasons that have a status of their own say nothing of their code
    const reasons = REASONS.filter(
      (reason) => reason !== 'METHOD_NOT_ALLOWED' && reason !== 'BODY_TIMEOUT',
    )
    for (const [, code, status] of codes) {
      const reason = reasons.find((candidate) => codeOf(candidate) === code)
      assert.ok(reason, `${code} has a reason`)
      assert.equal(Number(status), httpStatus(errorOf(reason)), code)
    }
  })
})

describe('an error', () => {
  for (const reason of REASONS) {
    it(`${reason} is worded by its facts alone`, () => {
      const error = errorOf(reason)
      for (const words of [error.message, error.hint ?? '-']) {
        assert.notEqual(words, '')
        assert.doesNotMatch(words, /undefined|null|NaN|\[object|\bFunction\b/)
        assert.doesNotMatch(words, /[:,] ?$/, 'ends in the middle')
      }
    })
  }

  it('is worded where nothing is known or given, too', () => {
    const bare = [
      fail('MODEL_NOT_FOUND', { model: 'm', known: [] }),
      fail('MODEL_AMBIGUOUS', { known: [] }),
      fail('VERSION_NOT_FOUND', { model: 'm', version: '1', known: [] }),
      fail('INPUT_UNKNOWN', { model: 'm', input: 'x', known: [] }),
      fail('OUTPUT_UNKNOWN', { model: 'm', output: 'x', known: [] }),
    ]
    for (const { hint } of bare) assert.doesNotMatch(`${hint}`, /undefined|: ?$/)
  })

  it('says why a model is not ready where that is known', () => {
    const { message } = fail('MODEL_NOT_READY', { model: 'm', state: 'failed', why: 'it is empty' })
    assert.equal(message, '"m" is failed: it is empty')
  })

  it('names twenty of many names, and says how many more there are', () => {
    const many = Array.from({ length: 25 }, (_, index) => `model-${index}`)
    const { hint } = fail('MODEL_NOT_FOUND', { model: 'm', known: many })
    assert.match(`${hint}`, /"model-19" and 5 more$/)
  })

  it('has the hint of who fails before that of its reason', () => {
    assert.equal(fail('BODY_TOO_LARGE', { limit: 1, hint: 'send less' }).hint, 'send less')
    assert.match(`${fail('BODY_TOO_LARGE', { limit: 1 }).hint}`, /--max-body/)
    assert.equal(fail('TOKEN_WRONG').hint, undefined)
  })

  it('keeps its facts and its cause', () => {
    const cause = new Error('disk')
    const error = fail(
      'VALUE_INVALID',
      { input: 'x', expected: '1', got: '2', path: ['a', 0] },
      cause,
    )
    assert.deepEqual(error.facts.path, ['a', 0])
    assert.equal(error.cause, cause)
    assert.equal(error.name, 'ServingError')
    assert.equal(error.code, 'invalid_argument')
  })
})

describe('whatever is thrown', () => {
  it('that is a ServingError stays the same one', () => {
    const error = fail('CANCELLED')
    assert.equal(ServingError.from(error), error)
  })

  for (const thrown of [new TypeError('secret /path'), 'text', 7, null, undefined, { a: 1 }]) {
    it(`that is ${thrown} becomes INTERNAL, with it as the cause and not in the message`, () => {
      const error = ServingError.from(thrown)
      assert.equal(error.reason, 'INTERNAL')
      assert.equal(error.cause, thrown)
      assert.equal(error.message, 'something went wrong inside the server')
    })
  }
})
