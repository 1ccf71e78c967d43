import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GatheredText } from './gathered-text.ts'

const texts = fc.array(fc.array(fc.string({ unit: 'binary', maxLength: 6000 })), { maxLength: 20 })

test('what was gathered is taken as bytes, whole and in order, also while the last is still read', () => {
  fc.assert(
    fc.property(texts, (batches) => {
      const gathered = new GatheredText()
      const taken = batches.map((batch) => {
        const lengths = batch.map((text) => gathered.add(text))
        assert.equal(
          lengths.reduce((sum, length) => sum + length, 0),
          gathered.length,
        )
        return gathered.take()
      })
      assert.deepEqual(
        taken.map(String),
        batches.map((batch) => String(Buffer.from(batch.join('')))),
      )
    }),
    { seed: 7, numRuns: 100 },
  )
})

test('memory that is given back is used again', () => {
  const gathered = new GatheredText()
  gathered.add('one')
  const first = gathered.take()
  gathered.give(first)
  gathered.add('two')
  gathered.take()
  gathered.add('three')
  assert.equal(gathered.take().buffer, first.buffer)
})
