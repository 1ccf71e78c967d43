import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TimeOfDay } from './time-of-day.ts'

test('any moments, one after another, are told as the clock on the wall tells them', () => {
  const base = new Date(2026, 1, 3, 23, 59, 57).getTime()
  const moments = fc.array(fc.integer({ min: -5000, max: 90_000_000 }), { maxLength: 20 })
  fc.assert(
    fc.property(moments, (offsets) => {
      const time = new TimeOfDay()
      for (const offset of offsets) {
        const at = new Date(base + offset)
        const [hours, minutes, seconds] = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two)
        const ms = String(at.getMilliseconds()).padStart(3, '0')
        assert.equal(time.at(base + offset), `${hours}:${minutes}:${seconds}.${ms}`)
      }
    }),
    { seed: 7, numRuns: 300 },
  )
})

const two = (value: number) => String(value).padStart(2, '0')
