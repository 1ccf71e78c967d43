import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readResult, type TestLine } from './results.ts'

const at = { file: '/repo/src/a.test.ts', group: false } as const

test('tests are counted, groups are not, skips keep their reason', () => {
  const lines: readonly TestLine[] = [
    { kind: 'pass', name: 'one', ...at },
    { kind: 'pass', name: 'group', ...at, group: true },
    { kind: 'pass', name: 'two', ...at },
    { kind: 'skip', name: 'three', ...at, why: 'no gpu' },
  ]
  assert.deepEqual(readResult('unit', lines, 0), {
    passed: 2,
    failures: [],
    skips: [{ suite: 'unit', test: 'three', why: 'no gpu' }],
  })
})

test('a suite in which no test ran fails', () => {
  const { failures } = readResult('unit', [{ kind: 'skip', name: 'one', ...at, why: 'x' }], 0)
  assert.deepEqual(failures, [{ name: 'unit', error: 'no test ran' }])
})

test('a file without a test fails', () => {
  const lines: readonly TestLine[] = [
    { kind: 'pass', name: 'one', ...at },
    { kind: 'pass', name: 'src/b.test.ts', file: '/repo/src/b.test.ts', group: false },
  ]
  const { passed, failures } = readResult('unit', lines, 0)
  assert.equal(passed, 1)
  assert.deepEqual(failures, [{ name: 'src/b.test.ts', error: 'the file has no test' }])
})

test('a file that does not load fails with its output', () => {
  const lines: readonly TestLine[] = [
    { kind: 'output', file: 'src/b.test.ts', text: 'SyntaxError: b\n' },
    { kind: 'output', file: 'src/a.test.ts', text: 'not mine\n' },
    {
      kind: 'fail',
      name: 'src/b.test.ts',
      file: '/repo/src/b.test.ts',
      group: false,
      error: 'test failed',
    },
  ]
  assert.deepEqual(readResult('unit', lines, 1).failures, [
    { name: 'src/b.test.ts', error: 'test failed\nSyntaxError: b\n' },
  ])
})

test('a run that ends badly without a failed test fails', () => {
  const lines: readonly TestLine[] = [{ kind: 'pass', name: 'one', ...at }]
  assert.equal(readResult('unit', lines, 7).failures[0]?.error, 'node --test ended with 7')
  assert.equal(
    readResult('unit', lines, null).failures[0]?.error,
    'node --test ended with a signal',
  )
})
