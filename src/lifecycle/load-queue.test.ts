import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadQueue } from './load-queue.ts'
import { turns } from './testing.ts'

test('no more load at once than may, each in its turn', async () => {
  const queue = new LoadQueue(2)
  const begun: string[] = []
  const enter = async (name: string, first = false) => {
    const leave = await queue.enter(first)
    begun.push(name)
    return leave
  }
  const a = enter('a')
  const b = enter('b')
  const c = enter('c')
  const d = enter('d')
  const asked = enter('asked', true)
  const askedNext = enter('asked next', true)
  await turns()
  assert.deepEqual(begun, ['a', 'b'])
  ;(await b)()
  await turns()
  assert.deepEqual(begun, ['a', 'b', 'asked'], 'what somebody waits for comes first')
  ;(await asked)()
  await turns()
  assert.deepEqual(begun.slice(3), ['asked next'], 'and of several what has waited for longest')
  ;(await askedNext)()
  ;(await a)()
  ;(await c)()
  ;(await d)()
  await turns()
  assert.deepEqual(begun, ['a', 'b', 'asked', 'asked next', 'c', 'd'])
})
