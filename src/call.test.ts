import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call, watchDeadline, whileWaited } from './call.ts'
import { HandClock } from './clock.ts'
import { fail, type ServingError } from './errors.ts'

describe('a call', () => {
  it('keeps what came with the request', () => {
    const call = new Call({ requestId: 'r1', deadline: 5, traceparent: '00-a-b-01' })
    assert.equal(call.requestId, 'r1')
    assert.equal(call.deadline, 5)
    assert.equal(call.traceparent, '00-a-b-01')
    assert.equal(call.ended, undefined)
  })

  it('tells every listener once, in the order they came, and why', () => {
    const call = new Call({ requestId: 'r1' })
    const told: [number, ServingError][] = []
    for (const number of [1, 2]) call.onEnd((why) => told.push([number, why]))
    const why = fail('CANCELLED')
    call.end(why)
    call.end(fail('DEADLINE_EXCEEDED', { where: 'served' }))
    call.cancel()
    assert.deepEqual(told, [
      [1, why],
      [2, why],
    ])
    assert.equal(call.ended, why)
  })

  it('tells at once who asks after the end', () => {
    const call = new Call({ requestId: 'r1' })
    call.cancel()
    const told: ServingError[] = []
    const stop = call.onEnd((why) => told.push(why))
    assert.deepEqual(told, [call.ended])
    assert.equal(told[0]?.reason, 'CANCELLED')
    stop()
  })

  it('does not tell who has stopped listening', () => {
    const call = new Call({ requestId: 'r1' })
    const told: string[] = []
    const stop = call.onEnd(() => told.push('stopped'))
    call.onEnd(() => told.push('listening'))
    stop()
    stop()
    call.cancel()
    stop()
    assert.deepEqual(told, ['listening'])
  })

  it('does not tell a listener that another one stops while they are told', () => {
    const call = new Call({ requestId: 'r1' })
    const told: string[] = []
    let stopSecond = () => {}
    call.onEnd(() => {
      told.push('first')
      stopSecond()
    })
    stopSecond = call.onEnd(() => told.push('second'))
    call.cancel()
    assert.deepEqual(told, ['first'])
  })

  it('has ended when listeners are told, so that a second end in one is none', () => {
    const call = new Call({ requestId: 'r1' })
    const told: string[] = []
    call.onEnd((why) => {
      call.end(fail('DEADLINE_EXCEEDED', { where: 'served' }))
      call.onEnd((again) => told.push(again.reason))
      told.push(why.reason)
    })
    call.cancel()
    assert.deepEqual(told, ['CANCELLED', 'CANCELLED'])
  })
})

describe('a deadline', () => {
  it('ends the call when it comes, not before', () => {
    const clock = new HandClock()
    const call = new Call({ requestId: 'r1', deadline: 50 })
    watchDeadline(call, clock)
    clock.advance(49)
    assert.equal(call.ended, undefined)
    clock.advance(1)
    assert.equal(reasonOf(call), 'DEADLINE_EXCEEDED')
  })

  it('that is called off does not', () => {
    const clock = new HandClock()
    const call = new Call({ requestId: 'r1', deadline: 50 })
    watchDeadline(call, clock)()
    clock.advance(100)
    assert.equal(call.ended, undefined)
  })

  it('does not change why a call ended before', () => {
    const clock = new HandClock()
    const call = new Call({ requestId: 'r1', deadline: 50 })
    watchDeadline(call, clock)
    call.cancel()
    clock.advance(100)
    assert.equal(call.ended?.reason, 'CANCELLED')
  })

  it('is not watched where there is none', () => {
    const clock = new HandClock()
    const call = new Call({ requestId: 'r1' })
    watchDeadline(call, clock)()
    clock.advance(1e9)
    assert.equal(call.ended, undefined)
  })
})

describe('work that somebody waits for', () => {
  it('gives what comes of it', async () => {
    const call = new Call({ requestId: 'r1' })
    assert.equal(await whileWaited(Promise.resolve(7), call), 7)
    const error = fail('MODEL_AMBIGUOUS', { known: [] })
    await assert.rejects(whileWaited(Promise.reject(error), call), error)
  })

  it('is waited for no longer than the call lasts', async () => {
    const call = new Call({ requestId: 'r1' })
    const waited = whileWaited(new Promise(() => {}), call)
    call.cancel()
    await assert.rejects(waited, { reason: 'CANCELLED' })
    await assert.rejects(whileWaited(new Promise(() => {}), call), { reason: 'CANCELLED' })
  })

  it('may fail after nobody waits any more', async () => {
    const call = new Call({ requestId: 'r1' })
    const work = Promise.withResolvers<never>()
    const waited = whileWaited(work.promise, call)
    call.cancel()
    work.reject(new Error('late'))
    await assert.rejects(waited, { reason: 'CANCELLED' })
  })
})

const reasonOf = (call: Call) => call.ended?.reason
