import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { admit, type IdleModel, type MemoryAsked } from './memory-budget.ts'

const asked = (more: Partial<MemoryAsked<string>>): MemoryAsked<string> => ({
  limitBytes: 100,
  usedBytes: 90,
  neededBytes: 30,
  evict: true,
  idle: [],
  ...more,
})

const idle = (key: string, bytes: number, lastUsed: number): IdleModel<string> => ({
  key,
  bytes,
  lastUsed,
})

describe('a version', () => {
  it('is loaded where it fits, to the last byte, and nothing goes', () => {
    const nobody = [idle('a', 50, 1)]
    assert.deepEqual(admit(asked({ usedBytes: 70, idle: nobody })), { kind: 'load' })
    assert.deepEqual(admit(asked({ usedBytes: 71, idle: nobody })), { kind: 'evict', keys: ['a'] })
  })

  it('is refused where nothing may be unloaded, and told what is free', () => {
    const idles = [idle('a', 90, 1)]
    const no = admit(asked({ evict: false, idle: idles }))
    assert.deepEqual(no, { kind: 'refuse', freeBytes: 10 })
    const over = admit(asked({ evict: false, usedBytes: 130 }))
    assert.deepEqual(over, { kind: 'refuse', freeBytes: 0 })
  })

  it('is refused where it would not fit alone', () => {
    const no = admit(asked({ usedBytes: 20, neededBytes: 101, idle: [idle('a', 20, 1)] }))
    assert.deepEqual(no, { kind: 'refuse', freeBytes: 80 })
  })

  it('takes the place of the one that was used longest ago', () => {
    const idles = [idle('a', 20, 9), idle('b', 20, 3), idle('c', 20, 5)]
    assert.deepEqual(admit(asked({ idle: idles })), { kind: 'evict', keys: ['b'] })
    const more = admit(asked({ neededBytes: 50, idle: idles }))
    assert.deepEqual(more, { kind: 'evict', keys: ['b', 'c'] })
  })

  it('spares those that are not needed beside a larger one', () => {
    const idles = [idle('a', 5, 1), idle('b', 10, 2), idle('c', 20, 3), idle('d', 20, 4)]
    assert.deepEqual(admit(asked({ idle: idles })), { kind: 'evict', keys: ['c'] })
    const both = admit(asked({ neededBytes: 35, idle: idles }))
    assert.deepEqual(both, { kind: 'evict', keys: ['a', 'c'] })
  })

  it('waits where those that are idle are not enough, and none of them goes for nothing', () => {
    assert.deepEqual(admit(asked({ idle: [idle('a', 19, 1)] })), { kind: 'wait' })
    assert.deepEqual(admit(asked({})), { kind: 'wait' })
  })
})

describe('whatever is asked', () => {
  const memory = fc
    .record({
      limitBytes: fc.nat(100),
      neededBytes: fc.nat(60),
      busyBytes: fc.nat(60),
      evict: fc.boolean(),
      idle: fc.array(fc.record({ bytes: fc.nat(30), lastUsed: fc.nat(9) }), { maxLength: 6 }),
    })
    .map(({ busyBytes, idle, ...rest }) => ({
      ...rest,
      usedBytes: idle.reduce((sum, { bytes }) => sum + bytes, busyBytes),
      idle: idle.map((one, key) => ({ key, ...one })),
    }))

  const sum = (models: readonly IdleModel<number>[]) =>
    models.reduce((total, { bytes }) => total + bytes, 0)

  it('the limit holds once those that must go are gone, and each of them is needed', () => {
    fc.assert(
      fc.property(memory, (ask) => {
        const answer = admit(ask)
        const { limitBytes, usedBytes, neededBytes, idle } = ask
        const keys = answer.kind === 'evict' ? answer.keys : []
        const going = idle.filter(({ key }) => keys.includes(key))
        assert.equal(going.length, keys.length)
        const after = usedBytes - sum(going) + neededBytes
        if (answer.kind === 'load' || answer.kind === 'evict') assert.ok(after <= limitBytes)
        for (const { bytes } of going) assert.ok(after + bytes > limitBytes)
      }),
    )
  })

  it('nothing goes where it fits, and nobody waits where the idle ones are enough', () => {
    fc.assert(
      fc.property(memory, (ask) => {
        const { limitBytes, usedBytes, neededBytes, evict, idle } = ask
        const fits = usedBytes + neededBytes <= limitBytes
        const { kind } = admit(ask)
        assert.equal(kind === 'load', fits)
        const enough = usedBytes - sum(idle) + neededBytes <= limitBytes
        assert.equal(kind === 'evict', !fits && evict && enough)
        assert.equal(kind === 'refuse', !fits && (!evict || neededBytes > limitBytes))
      }),
    )
  })
})
