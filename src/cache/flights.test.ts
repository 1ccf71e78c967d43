import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fail, type Reason, type ServingError } from '../errors.ts'
import { type Arrival, Flights } from './flights.ts'
import { aCall } from './testing.ts'

function setUp({ maxWaiting = 9, maxWaitingBytes = 900 } = {}) {
  const flights = new Flights<string>({ maxWaiting, maxWaitingBytes })
  const work: { name: string; land(value: string): void; fail(why: ServingError): void }[] = []
  const board = (name: string, { key = 'k', bytes = 10, call = aCall() } = {}) => {
    const arrival: Promise<Arrival<string>> = flights.board(key, {
      call,
      bytes,
      work: () => {
        const { promise, resolve, reject } = Promise.withResolvers<string>()
        work.push({ name, land: resolve, fail: reject })
        call.onEnd(reject)
        return promise
      },
    })
    const ends = arrival.then(
      ({ value, shared }) => `${name} ${shared ? 'is given' : 'made'} ${value}`,
      ({ reason }: ServingError) => `${name} ${reason}`,
    )
    return { call, ends }
  }
  const names = () => work.map(({ name }) => name).join()
  return { board, work, names }
}

const after = (...boarded: readonly { readonly ends: Promise<string> }[]) =>
  Promise.all(boarded.map(({ ends }) => ends))

describe('work that several ask for at once', () => {
  it('is done once, for all of them', async () => {
    const { board, work, names } = setUp()
    const all = [board('a'), board('b'), board('c')]
    assert.equal(names(), 'a')
    work[0]!.land('x')
    assert.deepEqual(await after(...all), ['a made x', 'b is given x', 'c is given x'])
  })

  it('is done anew for whoever comes after', async () => {
    const { board, work, names } = setUp()
    const first = board('a')
    work[0]!.land('x')
    await first.ends
    const second = board('b')
    assert.equal(names(), 'a,b')
    work[1]!.land('y')
    assert.deepEqual(await after(first, second), ['a made x', 'b made y'])
  })

  it('is done apart where it is not the same', async () => {
    const { board, names } = setUp()
    board('a', { key: '1' })
    board('b', { key: '2' })
    assert.equal(names(), 'a,b')
  })

  const ownMatters: readonly Reason[] = ['DEADLINE_EXCEEDED', 'CANCELLED', 'QUEUE_FULL', 'DRAINING']
  for (const reason of ownMatters) {
    it(`begins anew for the next in line where the first one fails by ${reason}`, async () => {
      const { board, work, names } = setUp()
      const all = [board('a'), board('b'), board('c')]
      work[0]!.fail(fail(reason as 'DRAINING'))
      assert.equal(await all[0]!.ends, `a ${reason}`)
      assert.equal(names(), 'a,b')
      work[1]!.land('x')
      assert.deepEqual(await after(...all.slice(1)), ['b made x', 'c is given x'])
    })
  }

  it('goes on for those that remain when the client of the first one leaves', async () => {
    const { board, work, names } = setUp()
    const [a, b, c] = [board('a'), board('b'), board('c')]
    b.call.cancel()
    a.call.cancel()
    assert.deepEqual(await after(a, b), ['a CANCELLED', 'b CANCELLED'])
    assert.equal(names(), 'a,c')
    work[1]!.land('x')
    assert.equal(await c.ends, 'c made x')
  })

  it('ends when nobody waits any more, and is begun by who comes next', async () => {
    const { board, names } = setUp()
    const [a, b] = [board('a'), board('b')]
    b.call.cancel()
    a.call.cancel()
    await after(a, b)
    board('c')
    assert.equal(names(), 'a,c')
  })

  for (const reason of ['RUN_REFUSED', 'RUN_FAILED'] as const) {
    it(`fails for all of them by ${reason}: it would have for each`, async () => {
      const { board, work, names } = setUp()
      const all = [board('a'), board('b'), board('c')]
      work[0]!.fail(fail(reason as 'RUN_FAILED'))
      assert.deepEqual(await after(...all), [`a ${reason}`, `b ${reason}`, `c ${reason}`])
      board('d')
      assert.equal(names(), 'a,d')
    })
  }

  it('fails for each by its own reason where each is refused', async () => {
    const { board, work, names } = setUp()
    const all = Array.from('abcdefgh', (name) => board(name))
    for (let at = 0; at < all.length; at++) {
      work[at]!.fail(fail('QUEUE_FULL', { model: 'm', limit: at }))
      assert.equal(await all[at]!.ends, `${'abcdefgh'[at]} QUEUE_FULL`)
    }
    assert.equal(names(), 'a,b,c,d,e,f,g,h')
  })

  it('is waited for by so many and so many bytes; others do it themselves', async () => {
    const { board, names } = setUp({ maxWaiting: 2, maxWaitingBytes: 25 })
    board('a')
    const b = board('b', { bytes: 10 })
    board('c', { bytes: 16 })
    assert.equal(names(), 'a,c')
    board('d', { bytes: 15 })
    board('e', { bytes: 0 })
    assert.equal(names(), 'a,c,e')
    b.call.cancel()
    board('f', { bytes: 10 })
    assert.equal(names(), 'a,c,e')
  })
})
