/** Float16Array and Float32Array of the engine are the reference; BF16 is the upper half of FP32. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { bf16ToNumber, fp16ToNumber, numberToBf16, numberToFp16 } from './index.ts'

const seed = 13
const bits16 = new Uint16Array(1)
const halves = new Float16Array(bits16.buffer)
const bits32 = new Uint32Array(1)
const singles = new Float32Array(bits32.buffer)

describe('FP16', () => {
  it('reads all 65,536 bit patterns as the engine does, and writes them back', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      bits16[0] = bits
      const expected = halves[0]!
      assert.ok(Object.is(fp16ToNumber(bits), expected), `${bits}`)
      if (!Number.isNaN(expected)) assert.equal(numberToFp16(expected), bits)
      else assert.ok(Number.isNaN(fp16ToNumber(numberToFp16(expected))))
    }
  })

  it('rounds to nearest, ties to even: at, just below and just above every midpoint', () => {
    for (let bits = 0; bits < 0x7c00; bits++) {
      bits16[0] = bits
      const low = halves[0]!
      bits16[0] = bits + 1
      const high = Number.isFinite(halves[0]!) ? halves[0]! : 65536
      const middle = (low + high) / 2
      for (const value of [middle, before(middle), after(middle)]) {
        for (const signed of [value, -value]) assert.equal(numberToFp16(signed), engineFp16(signed))
      }
    }
  })

  it('rounds any number in one step', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.double({ noNaN: true }),
          fc.double({ noNaN: true, min: -70000, max: 70000 }),
          fc.double({ noNaN: true, min: -(2 ** -13), max: 2 ** -13 }),
        ),
        (value) => assert.equal(numberToFp16(value), engineFp16(value)),
      ),
      { seed, numRuns: 20_000 },
    )
  })
})

describe('BF16', () => {
  it('reads all 65,536 bit patterns as the upper half of an FP32, and writes them back', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      bits32[0] = bits * 0x10000
      const expected = singles[0]!
      assert.ok(Object.is(bf16ToNumber(bits), expected), `${bits}`)
      if (!Number.isNaN(expected)) assert.equal(numberToBf16(expected), bits)
      else assert.ok(Number.isNaN(bf16ToNumber(numberToBf16(expected))))
    }
  })

  it('rounds to nearest, ties to even: at, just below and just above every midpoint', () => {
    for (let bits = 0; bits < 0x7f7f; bits++) {
      const low = bf16ToNumber(bits)
      const middle = low + (bf16ToNumber(bits + 1) - low) / 2
      const even = bits % 2 === 0 ? bits : bits + 1
      assert.equal(numberToBf16(middle), even)
      assert.equal(numberToBf16(before(middle)), bits)
      assert.equal(numberToBf16(after(middle)), bits + 1)
      assert.equal(numberToBf16(-before(middle)), bits | 0x8000)
    }
  })

  it('rounds what is beyond the greatest number to infinity from half-way on', () => {
    const limit = bf16ToNumber(0x7f7f) + 2 ** 119
    assert.equal(numberToBf16(before(limit)), 0x7f7f)
    assert.equal(numberToBf16(limit), 0x7f80)
    assert.equal(numberToBf16(-1e300), 0xff80)
  })

  it('rounds numbers that FP32 holds exactly to the nearest, wherever they lie', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        singles[0] = value
        const upper = bits32[0]! >>> 16
        const lower = bits32[0]! & 0xffff
        const up = lower > 0x8000 || (lower === 0x8000 && (upper & 1) === 1)
        assert.equal(numberToBf16(value), upper + (up ? 1 : 0))
      }),
      { seed, numRuns: 20_000 },
    )
  })

  it('does not round twice: a tie of FP32 that hides a larger number is no tie', () => {
    const tie = 1 + 2 ** -8
    assert.equal(numberToBf16(tie), 0x3f80)
    assert.equal(numberToBf16(tie + 2 ** -40), 0x3f81)
    assert.equal(numberToBf16(tie - 2 ** -40), 0x3f80)
  })
})

function engineFp16(value: number): number {
  halves[0] = value
  return bits16[0]!
}

const scratch = new Float64Array(1)
const scratchBits = new BigUint64Array(scratch.buffer)

/** The next 64-bit number towards zero; of a positive one. */
function before(value: number): number {
  scratch[0] = value
  scratchBits[0] = scratchBits[0]! - 1n
  return scratch[0]!
}

/** The next 64-bit number away from zero; of a positive one. */
function after(value: number): number {
  scratch[0] = value
  scratchBits[0] = scratchBits[0]! + 1n
  return scratch[0]!
}
