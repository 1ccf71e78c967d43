import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from '../call.ts'
import { rows, settled, setUp } from './testing.ts'

describe('a stream', () => {
  it('of a model with one answer is that answer', async () => {
    const { executors, request, runs } = setUp({})
    const stream = executors.stream(request(5), new Call({ requestId: 'r' }))
    const first = stream.next()
    await settled()
    runs[0]!.succeed()
    assert.deepEqual((await first).value.outputs, [rows('y', [5])])
    assert.equal((await stream.next()).done, true)
  })

  it('gives every answer in order, at the pace it is asked', async () => {
    const { executors, request, source } = setUp({ answers: 3 })
    const seen: unknown[] = []
    for await (const { outputs } of executors.stream(request(5), new Call({ requestId: 'r' }))) {
      seen.push(outputs[0])
      assert.equal(source.given, seen.length, 'nothing is computed ahead')
    }
    assert.deepEqual(seen, [rows('y', [0]), rows('y', [1]), rows('y', [2])])
    assert.equal(source.returned, 1)
  })

  it('left early stops its source', async () => {
    const { executors, request, source } = setUp({ answers: Infinity })
    for await (const _ of executors.stream(request(5), new Call({ requestId: 'r' }))) break
    assert.equal(source.given, 1)
    assert.equal(source.returned, 1)
  })

  it('whose call ends is over at once, also while its source is busy, and stops the source', async () => {
    const { executors, request, source } = setUp({ answers: 1, hanging: true })
    const call = new Call({ requestId: 'r' })
    const stream = executors.stream(request(5), call)
    await stream.next()
    const second = stream.next()
    await settled()
    call.cancel()
    await assert.rejects(second, { reason: 'CANCELLED' })
    let drained = false
    const drain = executors.drain().then(() => {
      drained = true
    })
    await settled()
    assert.equal(drained, false, 'the source has not ended')
    source.letGo()
    await drain
    assert.equal(source.returned, 1)
  })

  it('that waits for its consumer when its call ends stops the source, too', async () => {
    const { executors, request, source } = setUp({ answers: Infinity })
    const call = new Call({ requestId: 'r' })
    const stream = executors.stream(request(5), call)
    await stream.next()
    call.cancel()
    await assert.rejects(stream.next(), { reason: 'CANCELLED' })
    await executors.drain()
    assert.equal(source.given, 1)
    assert.equal(source.returned, 1)
  })

  it('that came too late is refused', async () => {
    const { executors, request, source, clock } = setUp({ answers: 3 })
    clock.advance(10)
    const stream = executors.stream(request(5), new Call({ requestId: 'r', deadline: 10 }))
    await assert.rejects(stream.next(), { reason: 'DEADLINE_EXCEEDED' })
    assert.equal(source.given, 0)
  })

  it('passes the error of its source on', async () => {
    const { executors, request } = setUp({ answers: 1, failing: true })
    const stream = executors.stream(request(5), new Call({ requestId: 'r' }))
    await stream.next()
    await assert.rejects(stream.next(), { reason: 'RUN_FAILED' })
    await executors.drain()
  })

  it('is what a decoupled model must be asked for', async () => {
    const { executors, request } = setUp({ answers: 3 })
    const call = new Call({ requestId: 'r' })
    await assert.rejects(executors.predict(request(1), call), { reason: 'MODEL_STREAMS' })
    await executors.drain()
  })
})
