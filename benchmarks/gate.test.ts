import assert from 'node:assert/strict'
import { test } from 'node:test'
import { disturbance, tooFew } from './gate.ts'

test('a round counts while calibrators agree and nothing is stolen', () => {
  assert.equal(disturbance({ calibrators: [100, 109], stealShare: 0.019 }), undefined)
  assert.equal(disturbance({ calibrators: [109, 100], stealShare: 0 }), undefined)
})

test('calibrators that differ by more than a tenth discard the round, whichever is slower', () => {
  assert.equal(
    disturbance({ calibrators: [100, 112], stealShare: 0 }),
    'calibrators differ by 12 %',
  )
  assert.equal(
    disturbance({ calibrators: [112, 100], stealShare: 0 }),
    'calibrators differ by 12 %',
  )
})

test('a calibrator that did not run at all discards the round', () => {
  assert.notEqual(disturbance({ calibrators: [0, 0], stealShare: 0 }), undefined)
  assert.notEqual(disturbance({ calibrators: [100, 0], stealShare: 0 }), undefined)
})

test('steal above two per cent discards the round', () => {
  assert.equal(disturbance({ calibrators: [50, 51], stealShare: 0.031 }), 'steal 3.1 %')
})

test('a question is open when more than half of its rounds are gone', () => {
  assert.equal(tooFew(10, 20), false)
  assert.equal(tooFew(9, 20), true)
})

test('a question is open when hardly any round was kept, discarded or not', () => {
  assert.equal(tooFew(5, 5), false)
  assert.equal(tooFew(4, 4), true)
  assert.equal(tooFew(0, 0), true)
})
