import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from '../call.ts'
import { fail } from '../errors.ts'
import type { Signature } from '../signature.ts'
import { found, setUp, takesRows, turns } from './testing.ts'

describe('a version comes', () => {
  it('through its states, and answers when it is ready', async () => {
    const { lifecycle, registry, states, ask, load } = setUp()
    lifecycle.want(found('iris', { 1: 'a' }))
    assert.throws(() => registry.find('iris'), /"iris" is queued/)
    await turns()
    assert.throws(() => registry.find('iris'), /"iris" is loading/)
    await load('iris 1 @a', { answer: 7 })
    assert.equal(await ask('iris'), '1:7')
    assert.deepEqual(
      states,
      ['queued', 'loading', 'warming', 'ready'].map((s) => `iris 1 ${s}`),
    )
  })

  it('in place of another only when it is ready, in one turn', async () => {
    const { lifecycle, runtime, ask, load, rows } = setUp()
    lifecycle.want(found('iris', { 1: 'a' }))
    await load('iris 1 @a', { answer: 1 })
    lifecycle.want(found('iris', { 1: 'a', 2: 'b' }))
    await turns()
    assert.equal(await ask('iris'), '1:1')
    assert.deepEqual(rows(), ['1 ready', '2 loading'])
    await load('iris 2 @b', { answer: 2 })
    assert.equal(await ask('iris'), '2:2')
    assert.deepEqual(rows(), ['2 ready'])
    assert.equal(runtime.alive, 1)
  })

  it('with other files under its number in the same way', async () => {
    const { lifecycle, ask, load, rows, states } = setUp()
    lifecycle.want(found('iris', { 1: 'a' }))
    await load('iris 1 @a', { answer: 1 })
    lifecycle.want(found('iris', { 1: 'b' }))
    await turns()
    assert.equal(await ask('iris', '1'), '1:1')
    await load('iris 1 @b', { answer: 2 })
    assert.equal(await ask('iris', '1'), '1:2')
    assert.deepEqual(rows(), ['1 ready'])
    assert.ok(!states.includes('iris 1 draining'), 'the number never stops to answer')
  })

  it('once, when nothing has changed', async () => {
    const { lifecycle, runtime, load } = setUp()
    for (let round = 0; round < 3; round++) lifecycle.want(found('iris', { 1: 'a' }))
    await load('iris 1 @a')
    lifecycle.want(found('iris', { 1: 'a' }), { retry: true })
    await turns()
    assert.equal(runtime.loads.length, 1)
  })

  it('a few at a time', async () => {
    const { lifecycle, runtime, load, rows } = setUp()
    lifecycle.apply(['a', 'b', 'c'].map((name) => found(name, { 1: 'x' })))
    await turns()
    assert.deepEqual(rows(), ['1 loading', '1 loading', '1 queued'])
    await load('b 1 @x')
    assert.equal(runtime.loads.length, 3)
  })

  it('as all, by number and by label; the highest answers where none is named', async () => {
    const { lifecycle, ask, load, registry } = setUp()
    const config = { versions: { all: true as const }, versionLabels: { old: 1 } }
    lifecycle.want(found('iris', { 1: 'a', 2: 'b', 10: 'c' }, config))
    await load('iris 1 @a', { answer: 1 })
    await load('iris 2 @b', { answer: 2 })
    await load('iris 10 @c', { answer: 10 })
    assert.equal(await ask('iris'), '10:10')
    assert.equal(await ask('iris', '2'), '2:2')
    assert.equal(await ask('iris', 'old'), '1:1')
    assert.throws(() => registry.find('iris', '3'), /"iris" has no version 3/)
  })
})

describe('a version that cannot be served', () => {
  const broken = fail('MODEL_UNREADABLE', { problem: 'it is cut off' })

  it('never takes traffic; the one before stays, and the reason is told', async () => {
    const { lifecycle, runtime, ask, load, registry } = setUp()
    lifecycle.want(found('iris', { 1: 'a' }))
    await load('iris 1 @a', { answer: 1 })
    lifecycle.want(found('iris', { 1: 'a', 2: 'b' }))
    await turns()
    runtime.loads.at(-1)!.fail(broken)
    await turns()
    assert.equal(await ask('iris'), '1:1')
    const [one, two] = registry.list()
    assert.deepEqual([one?.state, one?.stable], ['ready', true])
    assert.deepEqual([two?.state, two?.why], ['failed', 'it is cut off'])
    assert.equal(lifecycle.failureOf('iris')?.message, 'it is cut off')
    assert.equal(registry.ready(), true)
  })

  it('under a number that serves leaves it serving, with the reason beside it', async () => {
    const { lifecycle, runtime, ask, load, registry } = setUp()
    lifecycle.want(found('iris', { 1: 'a' }))
    await load('iris 1 @a', { answer: 1 })
    lifecycle.want(found('iris', { 1: 'b' }))
    await turns()
    runtime.loads.at(-1)!.fail(broken)
    await turns()
    assert.equal(await ask('iris'), '1:1')
    assert.match(registry.list()[0]!.why ?? '', /newer files are not served: it is cut off/)
    // the old files come back: there is nothing to tell of any more
    lifecycle.want(found('iris', { 1: 'a' }))
    assert.equal(registry.list()[0]!.why, undefined)
    assert.equal(runtime.loads.length, 2)
  })

  it('is stepped over by a server that starts beside it', async () => {
    const { lifecycle, runtime, ask, load, rows } = setUp()
    lifecycle.want(found('iris', { 1: 'a', 2: 'b' }))
    await turns()
    runtime.loads.at(-1)!.fail(broken)
    await load('iris 1 @a', { answer: 1 })
    assert.equal(await ask('iris'), '1:1')
    assert.deepEqual(rows(), ['1 ready', '2 failed'])
    lifecycle.want(found('iris', { 1: 'a', 2: 'mended' }))
    await load('iris 2 @mended', { answer: 2 })
    assert.equal(await ask('iris'), '2:2')
    assert.deepEqual(rows(), ['2 ready'])
  })

  it('is not tried again before its files change, unless asked', async () => {
    const { lifecycle, runtime, load, ask } = setUp()
    lifecycle.want(found('iris', { 1: 'a' }))
    await turns()
    runtime.loads[0]!.fail(broken)
    await turns()
    lifecycle.want(found('iris', { 1: 'a' }))
    await turns()
    assert.equal(runtime.loads.length, 1)
    lifecycle.want(found('iris', { 1: 'a' }), { retry: true })
    await load('iris 1 @a', { answer: 5 })
    assert.equal(await ask('iris'), '1:5')
  })

  it('by what it takes is refused while clients of another are served, unless forced', async () => {
    const { lifecycle, load, ask, registry } = setUp()
    const narrow: Signature = {
      inputs: [...takesRows.inputs, { name: 'z', datatype: 'FP32', shape: [1] }],
      outputs: takesRows.outputs,
    }
    lifecycle.want(found('iris', { 1: 'a' }))
    await load('iris 1 @a', { answer: 1 })
    lifecycle.want(found('iris', { 1: 'a', 2: 'b' }))
    await load('iris 2 @b', { signature: narrow })
    assert.equal(await ask('iris'), '1:1')
    assert.match(registry.list()[1]!.why ?? '', /clients of version 1 could not be answered: .*"z"/)
    lifecycle.want(found('iris', { 1: 'a', 2: 'b' }), { retry: true, force: true })
    await load('iris 2 @b', { signature: narrow })
    assert.equal(registry.find('iris').version, '2')
  })

  it('by what it answers when it is warmed up takes no traffic', async () => {
    const { lifecycle, load, registry, runtime } = setUp()
    const config = { warmUp: { runs: 1, nonFinite: 'refuse' as const, samples: [] } }
    lifecycle.want(found('iris', { 1: 'a' }, config))
    await load('iris 1 @a', { answer: Number.NaN })
    assert.throws(() => registry.find('iris'), /"iris" is failed: .*NaN/)
    assert.equal(runtime.alive, 0)
  })

  it('because it does not answer in time is not disposed of while it still runs', async () => {
    const { lifecycle, load, registry, runtime, clock } = setUp()
    const gate = Promise.withResolvers<void>()
    runtime.hold = gate.promise
    runtime.stops = false
    lifecycle.want(found('iris', { 1: 'a' }))
    await load('iris 1 @a')
    clock.advance(1000)
    await turns()
    assert.throws(() => registry.find('iris'), /loading took longer than 1000 ms/)
    assert.equal(runtime.alive, 1)
    const stopped = lifecycle.stop()
    gate.resolve()
    await stopped
    assert.equal(runtime.alive, 0)
  })

  it('because its configuration is broken leaves what serves as it is', async () => {
    const { lifecycle, load, ask, registry } = setUp()
    lifecycle.want(found('iris', { 1: 'a' }))
    await load('iris 1 @a', { answer: 1 })
    const spec = fail('MODEL_UNREADABLE', { problem: 'model.yaml:1: what is this' })
    lifecycle.want({ name: 'iris', root: 'models', spec })
    assert.equal(await ask('iris'), '1:1')
    assert.deepEqual(
      registry.list().map(({ version, state, why }) => [version, state, why]),
      [
        ['1', 'ready', undefined],
        ['', 'failed', 'model.yaml:1: what is this'],
      ],
    )
    lifecycle.want(found('iris', {}))
    assert.equal(await ask('iris'), '1:1')
    assert.equal(lifecycle.failureOf('iris')?.message, 'no version is available')
  })

  it('in time is given up; others load meanwhile, and what comes of it later is nothing', async () => {
    const { lifecycle, clock, registry, runtime, load, ask } = setUp({ loadsAtOnce: 1 })
    lifecycle.want(found('hangs', { 1: 'x' }))
    lifecycle.want(found('iris', { 1: 'a' }))
    await turns()
    clock.advance(1000)
    await turns()
    assert.throws(() => registry.find('hangs'), /failed: loading took longer than 1000 ms/)
    assert.equal(runtime.loads[0]!.gaveUp(), true)
    await load('iris 1 @a', { answer: 1 })
    assert.equal(await ask('iris'), '1:1')
  })
})

describe('a version goes', () => {
  it('when what it took is answered', async () => {
    const { lifecycle, runtime, load, ask, rows, registry } = setUp()
    lifecycle.want(found('iris', { 1: 'a' }))
    await load('iris 1 @a', { answer: 1 })
    const gate = Promise.withResolvers<void>()
    runtime.hold = gate.promise
    const answer = ask('iris')
    lifecycle.unwant('iris')
    assert.deepEqual(rows(), ['1 draining'])
    assert.throws(() => registry.find('iris'), /"iris" is draining/)
    gate.resolve()
    assert.equal(await answer, '1:1')
    await turns()
    assert.deepEqual(rows(), ['1 unloaded'])
    assert.equal(runtime.alive, 0)
  })

  it('at last also when something it took never ends', async () => {
    const { lifecycle, runtime, load, ask, clock } = setUp()
    lifecycle.want(found('iris', { 1: 'a' }))
    await load('iris 1 @a')
    runtime.hold = new Promise(() => {})
    const answer = ask('iris').catch((thrown: Error) => thrown.message)
    await turns()
    lifecycle.unwant('iris')
    clock.advance(499)
    await turns()
    assert.equal(runtime.alive, 1)
    clock.advance(1)
    assert.match(String(await answer), /"iris" is unloaded/)
    await turns()
    assert.equal(runtime.alive, 0)
  })

  it('and what was wrong with its newer files is forgotten with it', async () => {
    const { lifecycle, load, runtime, rows } = setUp()
    lifecycle.want(found('iris', { 1: 'a' }))
    await load('iris 1 @a')
    lifecycle.want(found('iris', { 1: 'b' }))
    await turns()
    runtime.loads.at(-1)!.fail(fail('MODEL_UNREADABLE', { problem: 'it is cut off' }))
    await turns()
    lifecycle.unwant('iris')
    await turns()
    assert.deepEqual(rows(), ['1 unloaded'])
  })

  it('and is forgotten when its files are gone', async () => {
    const { lifecycle, load, registry } = setUp()
    lifecycle.apply([found('iris', { 1: 'a' }), found('digits', { 1: 'b' })])
    await load('iris 1 @a')
    await load('digits 1 @b')
    lifecycle.apply([found('digits', { 1: 'b' })])
    await turns()
    assert.throws(() => registry.find('iris'), /no model is named "iris"/)
    assert.equal(registry.find('digits').version, '1')
  })

  it('before it has come, when it is replaced on its way', async () => {
    const { lifecycle, load, ask, runtime } = setUp()
    lifecycle.want(found('iris', { 1: 'a' }))
    await turns()
    lifecycle.want(found('iris', { 1: 'b' }))
    await load('iris 1 @b', { answer: 2 })
    assert.equal(runtime.loads[0]!.gaveUp(), true)
    assert.equal(await ask('iris'), '1:2')
    assert.equal(runtime.alive, 1)
  })

  it('with everything else when the server stops', async () => {
    const { lifecycle, load, runtime } = setUp()
    lifecycle.apply([found('iris', { 1: 'a' }), found('digits', { 1: 'b' })])
    await load('iris 1 @a')
    await lifecycle.stop()
    assert.equal(runtime.alive, 0)
    lifecycle.want(found('late', { 1: 'c' }))
    await turns()
    assert.ok(!runtime.loads.some(({ what }) => what.startsWith('late')))
  })

  it('when the server stops while it is asked for the first time, once that has ended', async () => {
    const { lifecycle, load, runtime } = setUp()
    const gate = Promise.withResolvers<void>()
    runtime.hold = gate.promise
    runtime.stops = false
    lifecycle.want(found('iris', { 1: 'a' }))
    await load('iris 1 @a')
    let hasStopped = false
    const stopped = lifecycle.stop().then(() => {
      hasStopped = true
    })
    await turns()
    assert.equal(hasStopped, false, 'its memory is in use')
    gate.resolve()
    await stopped
    assert.equal(runtime.alive, 0)
  })
})

describe('memory for models', () => {
  it('is not exceeded: what does not fit is refused, and says what it needs', async () => {
    const { lifecycle, load, registry } = setUp({ memory: { limitBytes: 15, evict: false } })
    lifecycle.want(found('iris', { 1: 'a' }))
    await load('iris 1 @a')
    lifecycle.want(found('digits', { 1: 'b' }))
    await turns()
    assert.throws(() => registry.find('digits'), /needs about 10 bytes, and 5 of the 15/)
    lifecycle.unwant('iris')
    await turns()
    lifecycle.want(found('digits', { 1: 'b' }), { retry: true })
    await load('digits 1 @b')
    assert.equal(registry.find('digits').version, '1')
  })

  it('goes from those used least recently to those that are asked', async () => {
    const { lifecycle, load, ask, registry, clock, runtime } = setUp({
      memory: { limitBytes: 25, evict: true },
    })
    lifecycle.apply(['a', 'b', 'c'].map((name) => found(name, { 1: name })))
    await load('a 1 @a', { answer: 1 })
    await load('b 1 @b', { answer: 2 })
    await turns()
    assert.equal(runtime.loads.length, 2, 'what nobody asks for turns nobody out')
    assert.equal(registry.ready(), true)
    clock.advance(1)
    assert.equal(await ask('a'), '1:1')

    const answers = [ask('c'), ask('c'), ask('c')]
    await load('c 1 @c', { answer: 3 })
    assert.deepEqual(await Promise.all(answers), ['1:3', '1:3', '1:3'])
    assert.equal(runtime.loads.length, 3, 'one load for all who wait')
    assert.equal(runtime.alive, 2)
    assert.equal(registry.find('a').name, 'a')
    assert.throws(() => registry.find('b'), /"b" is unloaded: it is loaded when asked/)
  })

  it('is waited for no longer than a call lasts', async () => {
    const { lifecycle, load, ask } = setUp({ memory: { limitBytes: 10, evict: true } })
    lifecycle.apply([found('a', { 1: 'a' }), found('b', { 1: 'b' })])
    await load('a 1 @a')
    const call = new Call({ requestId: 'r' })
    const answer = ask('b', undefined, call)
    await turns()
    call.end(fail('DEADLINE_EXCEEDED', { where: 'waiting' }))
    await assert.rejects(answer, /the deadline passed/)
    await load('b 1 @b', { answer: 2 })
    assert.equal(await ask('b'), '1:2')
  })

  it('is never taken from a model that is busy', async () => {
    const { lifecycle, load, ask, runtime } = setUp({ memory: { limitBytes: 10, evict: true } })
    lifecycle.apply([found('a', { 1: 'a' }), found('b', { 1: 'b' })])
    await load('a 1 @a', { answer: 1 })
    const gate = Promise.withResolvers<void>()
    runtime.hold = gate.promise
    const busy = ask('a')
    const waiting = ask('b')
    await turns()
    assert.equal(runtime.loads.length, 1)
    gate.resolve()
    assert.equal(await busy, '1:1')
    await load('b 1 @b', { answer: 2 })
    assert.equal(await waiting, '1:2')
    assert.equal(runtime.alive, 1)
  })
})
