import assert from 'node:assert/strict'
import { test } from 'node:test'
import { between, table } from './table.ts'
import type { Summary } from './verdict.ts'

test('a table names a question once, and pads its columns alike', () => {
  const text = table([
    summary({ metric: 'rate', better: 'more', bar: 0.95, median: 0.9712, low: 0.96, high: 0.98 }),
    summary({ metric: 'wait', unit: 'ms', median: 12.34, low: 11, high: 113.6 }),
  ])
  const [head, rule, first, second, ...rest] = text.split('\n')
  assert.deepEqual(rest, [])
  assert.match(head!, /^\| question\s+\| metric/)
  assert.match(first!, /^\| W3\s+\| rate\s+\| 0.971\s+\| 0.960 to 0.980\s+\| at least 0.950 \| met/)
  assert.match(second!, /^\|\s+\| wait\s+\| 12.3 ms \| 11.0 ms to 114 ms \|\s+\| met .* 9 of 10/)
  assert.equal(new Set([head, rule, first, second].map((line) => line!.length)).size, 1)
})

test('a metric without rounds shows no number', () => {
  assert.match(table([summary({ kept: 0, verdict: 'inconclusive' })]), /\| - +\| - +\|.*0 of 10/)
})

test('a count is whole, and belongs to no round', () => {
  const [, , row] = table([summary({ median: 3, bar: 0, kept: 0, rounds: 0 })]).split('\n')
  assert.match(row!, /\| rate +\| 3 +\| - +\| at most 0 \| met +\| - +\|$/)
})

test('only what lies between the markers is replaced', () => {
  const page = 'before\n<!-- a -->\nold\n<!-- b -->\nafter\n'
  assert.equal(
    between(page, '<!-- a -->', '<!-- b -->', 'new'),
    'before\n<!-- a -->\n\nnew\n\n<!-- b -->\nafter\n',
  )
  const once = between(page, '<!-- a -->', '<!-- b -->', 'new')
  assert.equal(between(once, '<!-- a -->', '<!-- b -->', 'new'), once)
  assert.throws(() => between(page, '<!-- a -->', '<!-- c -->', 'new'), /no place/)
  assert.throws(() => between(page, '<!-- b -->', '<!-- a -->', 'new'), /no place/)
})

function summary(given: Partial<Summary>): Summary {
  return {
    question: 'W3',
    metric: 'rate',
    claim: 'rate',
    unit: '',
    better: 'less',
    bar: null,
    kept: 9,
    rounds: 10,
    verdict: 'met',
    ...given,
  }
}
