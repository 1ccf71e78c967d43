import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Held, LocalStore } from './local-store.ts'

/** An entry of a one-letter key that weighs this weighs 1000. */
const weight = 1000 - 430 - 1

function setUp(maxBytes: number) {
  const told: Held[] = []
  const store = new LocalStore<string>({ maxBytes, onChange: (held) => void told.push(held) })
  const shelf = store.shelf()
  const put = (key: string, expires = Infinity, now = 0) =>
    shelf.set(key, key.toUpperCase(), weight, expires, now)
  const kept = (keys: string, now = 0) =>
    [...keys].filter((key) => shelf.get(key, now) !== undefined).join('')
  return { store, shelf, told, put, kept }
}

describe('the local store', () => {
  it('gives back what was put, and tells what it holds', () => {
    const { store, shelf, told, put } = setUp(10_000)
    assert.ok(put('a'))
    assert.ok(put('b'))
    assert.equal(shelf.get('a', 0), 'A')
    assert.equal(shelf.get('c', 0), undefined)
    assert.deepEqual(told.at(-1), { bytes: 2000, entries: 2, evicted: 0 })
    assert.deepEqual([store.bytes, store.entries], [2000, 2])
  })

  it('has one entry for a key, the last one', () => {
    const { store, shelf } = setUp(10_000)
    shelf.set('a', 'first', 300, Infinity, 0)
    shelf.set('a', 'second', 500, Infinity, 0)
    assert.equal(shelf.get('a', 0), 'second')
    assert.deepEqual([store.bytes, store.entries], [931, 1])
  })

  it('lets the oldest leave first', () => {
    const { put, kept, told } = setUp(8_000)
    for (const key of 'abcdefghij') put(key)
    assert.equal(told.at(-1)?.entries, 8)
    assert.equal(told.filter(({ evicted }) => evicted === 1).length, 2)
    assert.equal(kept('abcdefghij'), 'cdefghij')
  })

  it('spares what was asked for, once for each time the hand comes by', () => {
    const { put, kept, shelf } = setUp(8_000)
    for (const key of 'abcdefgh') put(key)
    shelf.get('a', 0)
    shelf.get('b', 0)
    put('i') // the hand passes a and b, c leaves
    put('j') // it goes on from where it stood, d leaves
    assert.equal(kept('cd'), '')
    for (const key of 'efghij') shelf.get(key, 0)
    put('k') // it passes all of them and comes round to a, which nobody asked for again
    assert.equal(kept('abcdefghijk'), 'befghijk')
  })

  it('keeps what is asked for through any number of entries that nobody asks for', () => {
    const { put, kept } = setUp(8_000)
    for (const key of 'ab') put(key)
    for (let i = 0; i < 1000; i++) {
      assert.equal(kept('ab'), 'ab')
      put(String.fromCharCode(1000 + i))
    }
  })

  it('lets what has expired leave although it was asked for', () => {
    const { put, kept, shelf } = setUp(8_000)
    put('a')
    put('b', 5)
    for (const key of 'cdefgh') put(key)
    for (const key of 'abcdefgh') shelf.get(key, 4)
    put('i', Infinity, 6)
    assert.equal(kept('abcdefghi', 6), 'acdefghi')
  })

  it('gives nothing back from the moment on at which it expires, and frees it', () => {
    const { store, shelf, put } = setUp(10_000)
    put('a', 5)
    assert.equal(shelf.get('a', 4.9), 'A')
    assert.equal(shelf.get('a', 5), undefined)
    assert.deepEqual([store.bytes, store.entries], [0, 0])
  })

  it('does not keep what takes more than an eighth of it', () => {
    const { store, shelf } = setUp(8_000)
    assert.ok(shelf.set('a', 'A', weight, Infinity, 0))
    assert.ok(!shelf.set('b', 'B', weight + 1, Infinity, 0))
    assert.ok(!shelf.set('bb', 'B', weight, Infinity, 0)) // a key has its weight too
    assert.equal(store.entries, 1)
  })

  it('forgets a version with all that was kept of it, and nothing else', () => {
    const { store, shelf, put } = setUp(10_000)
    put('a')
    put('b')
    const other = store.shelf()
    other.set('a', 'other', weight, Infinity, 0)
    assert.equal(shelf.get('a', 0), 'A')
    shelf.close()
    assert.equal(other.get('a', 0), 'other')
    assert.deepEqual([store.bytes, store.entries], [1000, 1])
    assert.ok(!put('c'))
    assert.equal(shelf.get('a', 0), undefined)
  })

  it('never holds more than its bound, nor tells another number, whatever is done to it', () => {
    const key = fc.constantFrom(...'abcdefghijkl')
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constant('set' as const), key, fc.nat(1500), fc.nat(9)) },
      { weight: 6, arbitrary: fc.tuple(fc.constant('get' as const), key) },
      fc.tuple(fc.constant('move' as const), fc.nat(5)),
      fc.tuple(fc.constant('close' as const)),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1), step), { maxLength: 200, size: 'max' }), (steps) => {
        const { store, told } = setUp(9_000)
        const shelves = [store.shelf(), store.shelf()]
        const put = [new Map<string, Put>(), new Map<string, Put>()]
        let now = 0
        for (const [which, [what, ...args]] of steps) {
          const [shelf, mine] = [shelves[which]!, put[which]!]
          if (what === 'set') {
            const [name, its, lasts] = args as [string, number, number]
            const value = `${which} ${name} ${now} ${its}`
            const took = shelf.set(name, value, its, now + lasts, now)
            assert.equal(took, 430 + 1 + its <= 9_000 / 8)
            if (took) mine.set(name, { value, bytes: 431 + its, expires: now + lasts })
          } else if (what === 'get') {
            const found = shelf.get(args[0] as string, now)
            const last = mine.get(args[0] as string)
            if (found !== undefined) {
              assert.equal(found, last?.value)
              assert.ok(last!.expires > now)
            } else mine.delete(args[0] as string)
          } else if (what === 'move') now += args[0] as number
          else {
            shelf.close()
            mine.clear()
            put[which]!.clear()
            shelves[which] = store.shelf()
          }
          const { bytes, entries } = told.at(-1) ?? { bytes: 0, entries: 0 }
          assert.deepEqual([bytes, entries], [store.bytes, store.entries])
          assert.ok(bytes >= entries * 431 && bytes <= 9_000)
        }
        // all that is left is what can be got
        let [bytes, entries] = [0, 0]
        shelves.forEach((shelf, which) => {
          for (const [name, last] of put[which]!) {
            if (shelf.get(name, -1) === undefined) continue
            bytes += last.bytes
            entries += 1
          }
        })
        assert.deepEqual([bytes, entries], [store.bytes, store.entries])
        for (const shelf of shelves) shelf.close()
        assert.deepEqual([store.bytes, store.entries], [0, 0])
      }),
      { numRuns: 500 },
    )
  })
})

interface Put {
  readonly value: string
  readonly bytes: number
  readonly expires: number
}
