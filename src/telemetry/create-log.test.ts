import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fail } from '../errors.ts'
import type { LogLevel } from '../log.ts'
import { createLog } from './index.ts'

const wall = new Date(2026, 1, 3, 12, 1, 2, 45).getTime()

test('a line for people has the time, the level, the event and its fields', () => {
  const { log, text } = setUp('text')
  log.info('model loaded', { model: 'iris', version: 1, ms: 12.34567, warm: true, note: undefined })
  log.warn('no fields')
  log.error('odd words', { empty: '', spaced: 'a b', quoted: '"', equals: 'a=b', list: [1, 'x'] })
  assert.deepEqual(text().split('\n'), [
    '12:01:02.045 info  model loaded  model=iris version=1 ms=12.346 warm=true',
    '12:01:02.045 warn  no fields',
    '12:01:02.045 error odd words  empty="" spaced="a b" quoted="\\"" equals="a=b" list="[1,\\"x\\"]"',
    '',
  ])
})

test('a line for machines is one JSON object', () => {
  const { log, records } = setUp('json')
  log.info('model loaded', { model: 'iris', ms: 12.34567, warm: true, note: undefined, none: null })
  log.warn('collides', { level: 'x', time: 'y', msg: 'z' })
  const time = new Date(wall).toISOString()
  assert.deepEqual(records(), [
    {
      level: 'info',
      time,
      model: 'iris',
      ms: 12.34567,
      warm: true,
      none: null,
      msg: 'model loaded',
    },
    { level: 'warn', time, level_: 'x', time_: 'y', msg_: 'z', msg: 'collides' },
  ])
})

for (const format of ['text', 'json'] as const) {
  test(`${format}: what is less important than the level is left out`, () => {
    const lines: Record<LogLevel, number> = { error: 1, warn: 2, info: 3, debug: 4 }
    for (const [level, count] of Object.entries(lines)) {
      const { log, text } = setUp(format, level as LogLevel)
      for (const each of [log.error, log.warn, log.info, log.debug]) each('event')
      assert.equal(text().split('\n').length - 1, count, level)
    }
  })

  test(`${format}: no field can begin a line or move the cursor`, () => {
    const hostile = 'a\nb\r\u001b[31mc\u009b2J\u2028d\u202ee\u0000'
    const { log, text } = setUp(format)
    log.info(hostile, { [hostile]: hostile, nested: { deep: hostile }, error: new Error(hostile) })
    assert.equal(text().indexOf('\n'), text().length - 1)
    assert.doesNotMatch(text().slice(0, -1), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  })

  test(`${format}: any fields give one line of a bounded length, and never fail`, () => {
    const { log, text, clear } = setUp(format)
    fc.assert(
      fc.property(
        fc.string(),
        fc.dictionary(fc.string(), fc.anything(), { maxKeys: 5 }),
        (event, fields) => {
          clear()
          log.info(event, fields)
          assert.match(text(), /^[^\n]+\n$/)
          if (format === 'json') JSON.parse(text())
        },
      ),
      { seed: 5, numRuns: 500 },
    )
  })

  test(`${format}: long values are cut`, () => {
    const { log, text } = setUp(format)
    log.info('long', { body: 'x'.repeat(1500), list: 'y'.repeat(900).split('') })
    assert.match(text(), /[^x]x{1000}… \(500 more\)/)
    assert.ok(text().length < 2500, `${text().length} characters`)
  })

  test(`${format}: values under the names of secrets are never written`, () => {
    const { log, text } = setUp(format)
    log.info('secrets', {
      authorization: 'hush-1',
      adminToken: 'hush-2',
      headers: { accept: 'hush-3' },
      request: { 'x-api-key': 'hush-4', cookie: 'hush-5', path: '/predict' },
      adminTokenFile: '/run/token',
    })
    assert.doesNotMatch(text(), /hush/)
    assert.match(text(), /\/run\/token/)
    assert.match(text(), /\/predict/)
  })

  test(`${format}: circular, huge and odd values are told of, not written out`, () => {
    const { log, text } = setUp(format)
    const circle: Record<string, unknown> = {}
    circle.self = circle
    log.info('odd', {
      circle,
      big: 10n,
      nan: NaN,
      data: new Float32Array(1e6),
      when: new Date(0),
      f: test,
    })
    assert.match(text(), /\[unserializable\].*10.*NaN.*\[4000000 bytes\].*1970-01-01/)
  })
}

test('at level error the stacks of an error and its causes follow, indented', () => {
  const { log, text } = setUp('text')
  const error = fail('RUN_FAILED', {}, new RangeError('node 7\nexploded'))
  log.error('request', { error, id: 'r1' })
  const [first, ...rest] = text().trimEnd().split('\n')
  assert.match(
    first!,
    /request {2}error="RUN_FAILED: the model failed to run \(RangeError: node 7\\nexploded\)" id=r1$/,
  )
  assert.ok(rest.every((line) => line.startsWith('    ')))
  assert.match(
    rest.join('\n'),
    /ServingError: the model failed.*create-log\.test.*caused by RangeError: node 7/s,
  )
})

test('a long cause is told after a long error', () => {
  for (const format of ['text', 'json'] as const) {
    const { log, text } = setUp(format)
    log.warn('request', {
      error: new Error('x'.repeat(900), { cause: new Error('y'.repeat(900)) }),
    })
    assert.match(text(), /x{900}.*y{900}/)
  }
})

test('below level error there is no stack', () => {
  const { log, text } = setUp('text')
  log.warn('load failed', { error: fail('RUN_FAILED', {}, 'a word') })
  assert.match(text(), /error="RUN_FAILED: the model failed to run \(thrown value: a word\)"\n$/)
})

test('machines get an error with its reason, causes and stacks', () => {
  const { log, records } = setUp('json')
  log.error('request', { error: fail('RUN_FAILED', {}, new RangeError('exploded')) })
  log.warn('request', { error: fail('RUN_FAILED', {}, new RangeError('exploded')) })
  const [withStack, without] = records()
  assert.equal(withStack.error.reason, 'RUN_FAILED')
  assert.match(withStack.error.stack, /create-log\.test/)
  assert.match(withStack.error.cause.stack, /^RangeError: exploded\n/)
  assert.deepEqual(without.error, {
    type: 'ServingError',
    reason: 'RUN_FAILED',
    message: 'the model failed to run',
    cause: { type: 'RangeError', message: 'exploded' },
  })
})

function setUp(format: 'text' | 'json', level: LogLevel = 'info') {
  let written = ''
  const destination = {
    write(text: string) {
      written += text
    },
  }
  return {
    log: createLog({ level, format, destination, wallNow: () => wall }),
    text: () => written,
    clear: () => {
      written = ''
    },
    records: () =>
      written
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
  }
}
