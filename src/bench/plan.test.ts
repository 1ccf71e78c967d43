import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { WrongUsage } from '../predict/index.ts'
import { type Asked, planOf } from './plan.ts'

describe('what is asked for', () => {
  it('is one client of a closed loop where nothing is said', () => {
    const { load, slo, search, percentile } = planned({})
    assert.deepEqual(load, {
      ...{ kind: 'closed', clients: 1, perQuery: 1, durationMs: 10_000, requests: Infinity },
      ...{ warmUpMs: 1000, timeoutMs: 10_000, seed: 1 },
    })
    assert.deepEqual([slo, search, percentile], [undefined, undefined, 0.99])
  })

  it('is an open loop where there is a rate', () => {
    const { load } = planned({ rate: 70, arrivals: 'burst', durationMs: 4000, maxInFlight: 9 })
    assert.deepEqual(load, {
      ...{ kind: 'open', arrivals: 'burst', rate: 70, maxInFlight: 9, durationMs: 4000 },
      ...{ warmUpMs: 1000, requests: Infinity, timeoutMs: 10_000, seed: 1 },
    })
  })

  it('ends by the number of requests where no time is said, but for what goes up and down', () => {
    assert.equal(planned({ rate: 70, requests: 50 }).load.durationMs, Infinity)
    assert.equal(planned({ concurrency: 2, requests: 50 }).load.durationMs, Infinity)
    assert.equal(planned({ rate: 70, requests: 50, durationMs: 90 }).load.durationMs, 90)
    assert.equal(planned({ rate: 70, arrivals: 'ramp', requests: 50 }).load.durationMs, 10_000)
  })

  it('is a trace out of a file, with a rate and without', () => {
    const { load } = planned({ arrivals: 'trace:when.txt' })
    assert.ok(load.kind === 'open' && load.durationMs === Infinity && load.rate === undefined)
    assert.deepEqual(load.arrivals, { file: 'when.txt', moments: [0, 1500] })
    assert.ok(planned({ arrivals: 'trace:when.txt', rate: 3 }).load.kind === 'open')
  })

  it('is a scenario with its clients, its percentile and its bound', () => {
    const multi = planned({ scenario: 'multi-stream' })
    assert.ok(multi.load.kind === 'closed' && multi.load.perQuery === 8 && multi.load.clients === 1)
    assert.equal(planned({ scenario: 'single-stream' }).percentile, 0.9)
    assert.deepEqual(planned({ scenario: 'server', rate: 5 }).slo, { ms: 10, percentile: 0.99 })
    const offline = planned({ scenario: 'offline', concurrency: 7 }).load
    assert.ok(offline.kind === 'closed' && offline.clients === 7)
  })

  it('is a search from a rate or from one that is found out', () => {
    const { search, slo, load } = planned({ findRate: true, sloMs: 8, percentile: 95, rate: 12 })
    assert.deepEqual([search, slo], [{ start: 12 }, { ms: 8, percentile: 0.95 }])
    assert.equal(load.durationMs, 5000)
    const server = planned({ findRate: true, scenario: 'server' })
    assert.deepEqual([server.search, server.slo?.ms], [{ start: undefined }, 10])
  })

  it('has data, and a check with its tolerance', () => {
    assert.equal(planned({ data: 'when.txt' }).data, '3\n4.5\n')
    assert.equal(planned({ tolerance: 1 }).check, undefined)
    assert.deepEqual(planned({ check: true, tolerance: 0.5 }).check, { tolerance: 0.5 })
  })

  for (const [asked, message] of [
    [{ rate: 1, concurrency: 1 }, /--concurrency and --rate are two kinds of load/],
    [{ findRate: true, sloMs: 1, concurrency: 1 }, /leave --concurrency out/],
    [{ arrivals: 'poisson' }, /--arrivals poisson needs a rate/],
    [{ arrivals: 'often', rate: 1 }, /--arrivals often is not known/],
    [{ arrivals: 'trace:', rate: 1 }, /--arrivals trace: is not known/],
    [{ findRate: true }, /--find-rate needs to know what must hold/],
    [{ findRate: true, sloMs: 1, arrivals: 'burst' }, /--find-rate is for poisson/],
    [{ findRate: true, sloMs: 1, requests: 5 }, /leave --requests out/],
    [{ scenario: 'server' }, /--scenario server needs a rate/],
    [{ scenario: 'server', rate: 1, arrivals: 'ramp' }, /--scenario server is for poisson/],
    [{ scenario: 'offline', rate: 1 }, /--scenario offline .* leave --rate out/],
    [{ scenario: 'offline', findRate: true, sloMs: 1 }, /leave --find-rate out/],
    [{ scenario: 'single-stream', concurrency: 2 }, /--scenario single-stream has one client/],
    [{ rate: 1e9 }, /too long/],
    [{ target: 'm.onnx', modelVersion: '3' }, /--model-version is for servers/],
  ] as const) {
    it(`is refused: ${JSON.stringify(asked)}`, () => {
      assert.throws(
        () => planned(asked),
        (thrown: Error) => thrown instanceof WrongUsage && message.test(thrown.message),
      )
    })
  }
})

const planned = (asked: Partial<Asked>) =>
  planOf({ target: 'http://127.0.0.1:8000', ...asked }, () => '3\n4.5\n')
