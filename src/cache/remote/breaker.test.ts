import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Breaker } from './breaker.ts'

function opened(): Breaker {
  const breaker = new Breaker()
  assert.deepEqual([breaker.failed(0), breaker.failed(0), breaker.failed(0)], [false, false, true])
  return breaker
}

describe('a breaker', () => {
  it('lets everybody ask until three failures in a row', () => {
    const breaker = new Breaker()
    breaker.failed(0)
    breaker.failed(0)
    breaker.succeeded()
    breaker.failed(0)
    breaker.failed(0)
    assert.ok(breaker.mayAsk(0) && breaker.mayAsk(0))
    assert.ok(breaker.failed(0))
    assert.ok(!breaker.mayAsk(0))
  })

  it('lets one ask after a second, and everybody when that one is answered', () => {
    const breaker = opened()
    assert.ok(!breaker.mayAsk(999))
    assert.ok(breaker.mayAsk(1000))
    assert.ok(!breaker.mayAsk(1000))
    breaker.succeeded()
    assert.ok(breaker.mayAsk(1000) && breaker.mayAsk(1000))
  })

  it('waits longer each time that one is not answered, up to half a minute', () => {
    const breaker = opened()
    let now = 0
    for (const wait of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      assert.ok(!breaker.mayAsk(now + wait - 1))
      now += wait
      assert.ok(breaker.mayAsk(now), `after ${wait}`)
      assert.ok(!breaker.failed(now), 'told once')
    }
    now += 30_000
    breaker.mayAsk(now)
    breaker.succeeded()
    for (let failure = 0; failure < 3; failure++) breaker.failed(now)
    assert.ok(breaker.mayAsk(now + 1000), 'from the beginning again')
  })

  it('is not told twice by those that had asked before', () => {
    const breaker = opened()
    assert.ok(!breaker.failed(5))
    assert.ok(breaker.mayAsk(1000), 'nor waits longer for them')
  })
})
