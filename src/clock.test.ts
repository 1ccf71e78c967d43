import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HandClock, systemClock } from './clock.ts'

describe('a clock moved by hand', () => {
  it('rings in the order of the moments, whatever the order of asking', () => {
    const clock = new HandClock()
    const rung: string[] = []
    const ring = (moment: number) => () => rung.push(`${moment} at ${clock.now()}`)
    for (const moment of [30, 10, 20, 40]) clock.wakeAt(moment, ring(moment))
    clock.advance(30)
    assert.deepEqual(rung, ['10 at 10', '20 at 20', '30 at 30'])
    clock.advance(10)
    assert.equal(rung.at(-1), '40 at 40')
  })

  it('rings alarms of one moment in the order they were asked for', () => {
    const clock = new HandClock()
    const rung: number[] = []
    for (const number of [1, 2, 3]) clock.wakeAt(5, () => rung.push(number))
    clock.advance(5)
    assert.deepEqual(rung, [1, 2, 3])
  })

  it('does not ring what was cancelled, also by another alarm', () => {
    const clock = new HandClock()
    const rung: string[] = []
    const cancel = clock.wakeAt(2, () => rung.push('second'))
    clock.wakeAt(1, () => {
      rung.push('first')
      cancel()
    })
    clock.advance(5)
    assert.deepEqual(rung, ['first'])
  })

  it('rings what an alarm asks for within the same move, and what is past at the next', () => {
    const clock = new HandClock()
    const rung: number[] = []
    clock.wakeAt(1, () => clock.wakeAt(3, () => rung.push(clock.now())))
    clock.advance(3)
    assert.deepEqual(rung, [3])
    clock.wakeAt(0, () => rung.push(clock.now()))
    assert.deepEqual(rung, [3])
    clock.advance(0)
    assert.deepEqual(rung, [3, 3])
  })

  it('does not ring early, and rings once', () => {
    const clock = new HandClock()
    let rung = 0
    clock.wakeAt(10, () => {
      rung += 1
    })
    clock.advance(9.999)
    assert.equal(rung, 0)
    clock.advance(100)
    clock.advance(100)
    assert.equal(rung, 1)
    assert.equal(clock.now(), 209.999)
  })
})

describe('the clock of the system', () => {
  it('never rings before the moment has come', async () => {
    const waits = Array.from({ length: 40 }, (_, index) => 0.3 + index * 0.37)
    const early = await Promise.all(
      waits.map((ms) => {
        const moment = systemClock.now() + ms
        return new Promise<number>((resolve) => {
          systemClock.wakeAt(moment, () => resolve(Math.max(0, moment - systemClock.now())))
        })
      }),
    )
    assert.deepEqual(
      early.filter((ms) => ms > 0),
      [],
    )
  })

  it('rings at a moment that is past, but not before who asked has gone on', async () => {
    const order: string[] = []
    const rung = new Promise<void>((resolve) => {
      systemClock.wakeAt(-1000, () => {
        order.push('rung')
        resolve()
      })
    })
    order.push('gone on')
    await rung
    assert.deepEqual(order, ['gone on', 'rung'])
  })

  it('does not ring what was cancelled', async () => {
    let rung = false
    const cancel = systemClock.wakeAt(systemClock.now() + 1, () => {
      rung = true
    })
    cancel()
    await new Promise<void>((resolve) => systemClock.wakeAt(systemClock.now() + 5, resolve))
    assert.equal(rung, false)
  })

  it('does not ring at once for a moment beyond what a timer holds', async () => {
    let rung = false
    const cancel = systemClock.wakeAt(systemClock.now() + 2 ** 33, () => {
      rung = true
    })
    await new Promise<void>((resolve) => systemClock.wakeAt(systemClock.now() + 5, resolve))
    cancel()
    assert.equal(rung, false)
  })
})
