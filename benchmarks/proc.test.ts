import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseStat, stealShare, treeOf } from './proc.ts'

test('a stat line is read past a command with blanks and brackets', () => {
  const line = '417 (a (b) c) S 12 417 417 0 -1 4194304 9 8 7 6 120 31 4 5 20 0 11 0 99 1 2'
  assert.deepEqual(parseStat(line), { pid: 417, parent: 12, cpuTicks: 151 })
})

test('a tree has children and grandchildren, and no strangers', () => {
  const stats = [
    { pid: 1, parent: 0, cpuTicks: 1 },
    { pid: 5, parent: 1, cpuTicks: 2 },
    { pid: 6, parent: 5, cpuTicks: 4 },
    { pid: 7, parent: 6, cpuTicks: 8 },
    { pid: 8, parent: 1, cpuTicks: 16 },
  ]
  assert.deepEqual(
    treeOf(5, stats).map((stat) => stat.pid),
    [5, 6, 7],
  )
})

test('steal is the eighth field over all that passed', () => {
  const before = 'cpu  100 1 50 800 5 0 4 40 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n'
  const after = 'cpu  160 1 60 820 5 0 4 50 0 0\ncpu0 9 9 9 9 9 9 9 9 0 0\n'
  assert.equal(stealShare(before, after), 0.1)
  assert.equal(stealShare(before, before), 0)
})
