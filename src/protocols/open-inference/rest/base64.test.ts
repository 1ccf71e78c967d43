import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeBase64 } from './base64.ts'

describe('base64', () => {
  it('gives the bytes that were encoded, with or without padding', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 70 }), async (bytes) => {
        const text = Buffer.from(bytes).toString('base64')
        await decodes(text, bytes)
        await decodes(text.replace(/=+$/, ''), bytes)
        await decodes(Buffer.from(bytes).toString('base64url'), bytes)
      }),
      { seed: 5, numRuns: 500 },
    )
  })

  it('may have escapes and line ends anywhere, as some encoders write it', async () => {
    const broken = fc.array(fc.nat(90), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 70 }), broken, async (bytes, places) => {
        let text = Buffer.from(bytes).toString('base64')
        for (const at of places) text = `${text.slice(0, at)}\r\n${text.slice(at)}`
        const json = JSON.stringify(text).slice(1, -1)
        await decodes(json.replaceAll('/', '\\/').replaceAll('=', '\\u003d'), bytes)
      }),
      { seed: 5, numRuns: 500 },
    )
  })

  // the pieces are of 4 MiB
  for (const size of [3 * 2 ** 20, 3 * 2 ** 20 + 1, 3 * 2 ** 20 + 20, 10_000_001]) {
    it(`of ${size} bytes is decoded in pieces, wherever their bounds fall`, async () => {
      const bytes = Buffer.alloc(size)
      for (let at = 0; at < size; at++) bytes[at] = (at * 2_654_435_761) >>> 13
      const text = bytes.toString('base64')
      await decodes(text, bytes)
      for (let shift = 1; shift <= 7; shift++) {
        const lines = `${' '.repeat(shift)}${text}`.replaceAll('/', '\\u002f')
        await decodes(`${lines}\\n`, bytes)
      }
    })
  }

  it('is refused where it is none, rather than cut short', async () => {
    const good = Buffer.alloc(4 * 2 ** 20, 7).toString('base64')
    const cases = [
      'A',
      'AAAAA',
      'AA=',
      'A===',
      'AAA?',
      'AA==AA==',
      'é',
      '\\x',
      '\\u00',
      '=',
      '====',
    ]
    for (const text of [...cases, `${good.slice(0, 100)}!${good.slice(101)}`, `${good}=`]) {
      assert.equal(await decodeBase64(Buffer.from(text)), undefined, text.slice(0, 120))
    }
  })

  it('lets the event loop turn', async () => {
    let turns = 0
    let done = false
    const count = () => {
      turns += 1
      if (!done) setImmediate(count)
    }
    setImmediate(count)
    await decodeBase64(Buffer.alloc(20 * 2 ** 20, 'A'))
    done = true
    assert.ok(turns >= 4, `${turns} turns`)
  })
})

async function decodes(text: string, bytes: Uint8Array): Promise<void> {
  const decoded = await decodeBase64(Buffer.from(text))
  assert.ok(decoded !== undefined, text.slice(0, 100))
  assert.ok(Buffer.compare(decoded, bytes) === 0, 'the same bytes')
}
