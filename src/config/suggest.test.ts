import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { editDistance, nearest } from './suggest.ts'

describe('nearest', () => {
  const cases = [
    { word: 'prot', known: ['host', 'port'], near: 'port' },
    { word: 'max_body_bytes', known: ['maxBodyBytes', 'maxWaiting'], near: 'maxBodyBytes' },
    { word: 'SLUICE_LOG_LEVL', known: ['SLUICE_LOG_LEVEL'], near: 'SLUICE_LOG_LEVEL' },
    { word: 'zebra', known: ['host', 'port'], near: undefined },
    { word: 'x', known: [], near: undefined },
  ]
  for (const { word, known, near } of cases) {
    it(`finds ${near} for ${word}`, () => assert.equal(nearest(word, known), near))
  }
})

describe('editDistance', () => {
  const cases = [
    { from: 'abc', to: 'abc', steps: 0 },
    { from: 'abc', to: 'acb', steps: 1 },
    { from: 'abc', to: 'ab', steps: 1 },
    { from: 'abc', to: 'xbcd', steps: 2 },
    { from: '', to: 'four', steps: 4 },
  ]
  for (const { from, to, steps } of cases) {
    it(`is ${steps} from "${from}" to "${to}"`, () => assert.equal(editDistance(from, to), steps))
  }

  it('is the same both ways, and no more than the longer word', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const steps = editDistance(a, b)
        assert.equal(steps, editDistance(b, a))
        assert.ok(steps <= Math.max(a.length, b.length))
        assert.equal(steps === 0, a === b)
      }),
      { seed: 3 },
    )
  })
})
