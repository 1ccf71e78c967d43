import assert from 'node:assert/strict'
import { it } from 'node:test'
import { stableOf } from './stable.ts'

it('the highest number that is ready answers', () => {
  assert.equal(stableOf(['2', '10', '9']), '10')
  assert.equal(stableOf(['3']), '3')
  assert.equal(stableOf([]), undefined)
})

it('a version that is held answers while it is ready, whatever else is', () => {
  assert.equal(stableOf(['1', '2', '3'], '2'), '2')
  assert.equal(stableOf(['1', '3'], '2'), '3')
  assert.equal(stableOf([], '2'), undefined)
})

it('numbers that a float cannot tell apart are told apart', () => {
  assert.equal(stableOf(['9007199254740993', '9007199254740992']), '9007199254740993')
  assert.equal(stableOf(['99999999999999999999', '100000000000000000000']), '100000000000000000000')
})

it('what is ready is left as it is', () => {
  const ready = Object.freeze(['3', '1', '2'])
  assert.equal(stableOf(ready), '3')
  assert.deepEqual(ready, ['3', '1', '2'])
})
