import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { RequestIds } from './request-ids.ts'

test('identities look as UUIDs do, and none comes twice, from any process', () => {
  const processes = Array.from({ length: 50 }, () => new RequestIds(randomBytes))
  const all = processes.flatMap((ids) => Array.from({ length: 300 }, () => ids.next()))
  for (const id of all)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(new Set(all).size, all.length)
})

test('all that is random of them is asked for once', () => {
  let asked = 0
  const ids = new RequestIds((count) => {
    asked += 1
    return new Uint8Array(count).fill(0xc5)
  })
  assert.deepEqual(
    [ids.next(), ids.next()],
    ['c5c5c5c5-c5c5-8c5c-a5c5-000000000001', 'c5c5c5c5-c5c5-8c5c-a5c5-000000000002'],
  )
  assert.equal(asked, 1)
})
