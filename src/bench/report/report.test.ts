import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { measuredFrom, resultFrom } from '../testing.ts'
import { linearAxis, logAxis, spanAxis } from './axes.ts'
import { short, whole } from './numbers.ts'
import { reportPage } from './page.ts'
import { reportTable } from './table.ts'

const latencies = Array.from({ length: 1980 }, (_, at) => 1 + (at % 100) / 100)
const measured = measuredFrom(latencies, Array(20).fill('HTTP 503: <full> & "busy"'), 1.5)
const server = {
  ...{ requests: 1980, queueMs: 0.5, inputMs: 0.01, inferMs: 0.25, outputMs: 0.02, runs: 50 },
  batches: [
    { rows: 1, runs: 10 },
    { rows: 4, runs: 40 },
  ],
}

describe('the table', () => {
  it('has what was asked for, what came, and what it comes to', () => {
    const text = reportTable(
      resultFrom(
        { ...measured, server },
        {
          slo: { ms: 1.5, percentile: 0.99 },
          verdict: { kind: 'failed', reasons: ['the SLO is missed'] },
        },
      ),
    )
    const lines = text.split('\n')
    assert.equal(lines[0], 'churn at http://127.0.0.1:8000, oip-binary of sluice 1.2.3')
    assert.match(lines[1]!, /^open loop, poisson, 1000 a second for 10 s \(1 s warm-up\), 1 row /)
    assert.match(text, /^requests {3}1,980 answered, 20 missed/m)
    assert.match(text, /^ +20 × HTTP 503: <full> & "busy"$/m)
    assert.match(text, /^latency .* p95 1\.95 {2}p99 1\.99 {2}p99\.9 missed {2}max 1\.99/m)
    assert.match(text, /^server .*queue 0\.5 {2}input 0\.01 {2}infer 0\.25 .* elsewhere 0\.7\d\d/m)
    assert.match(text, /3\.4 rows a run \(1: 20 %, 4: 80 %\)/)
    assert.match(text, /^note: the load was made on the machine of the server/m)
    assert.equal(lines.at(-2), 'FAILED: the SLO is missed')
  })

  it('says of a closed loop what its percentiles are not', () => {
    const result = resultFrom(measured)
    const load = { ...result.load, kind: 'closed', clients: 3 } as const
    const text = reportTable({ ...result, load, measured: { ...measured, lateMs: null } })
    assert.match(text, /closed loop, 3 clients/)
    assert.match(text, /note: a closed loop asks a slow server less/)
    assert.match(text, /^generator +0\.25 of a core$/m)
  })

  it('has a line for each trial of a search', () => {
    const trial = { requests: 100, missed: 0, latencyMs: 2, invalid: [], confirming: false }
    const search = {
      ...{ rate: 90, limit: 'slo' as const },
      trials: [
        { ...trial, rate: 120, verdict: 'missed' as const, missed: 5, latencyMs: null },
        { ...trial, rate: 90, verdict: 'held' as const, confirming: true },
      ],
    }
    const text = reportTable(resultFrom(measured, { search }))
    assert.match(text, /^ +120\/s {2}missed {3}5 % missed$/m)
    assert.match(text, /^ +90\/s {2}held {5}2 ms, again, for longer$/m)
  })

  it('is there where nothing was answered', () => {
    const text = reportTable(resultFrom(measuredFrom([])))
    assert.match(text, /0 answered, 0 missed/)
    assert.doesNotMatch(text, /NaN|undefined|Infinity/)
  })
})

describe('the page', () => {
  const page = (command = 'sluice bench x') =>
    reportPage(resultFrom({ ...measured, server }, { slo: { ms: 1.5, percentile: 0.99 } }), command)

  it('fetches nothing and runs nothing', () => {
    assert.doesNotMatch(page(), /<script|<link|<img|@import|url\(| on\w+=|href=|src=/i)
  })

  it('has four plots, the command, and no value that is none', () => {
    const text = page("sluice bench 'a b'")
    assert.equal(text.match(/<svg /g)?.length, 4)
    assert.match(text, /<pre>sluice bench 'a b'<\/pre>/)
    assert.doesNotMatch(text, /NaN|undefined|Infinity/)
    assert.match(text, /prefers-color-scheme: dark/)
  })

  it('shows the words of others as words', () => {
    const text = page('<b onclick="x()">')
    assert.match(text, /HTTP 503: &lt;full&gt; &amp; &quot;busy&quot;/)
    assert.match(text, /&lt;b onclick=/)
  })

  it('is there where nothing was answered', () => {
    for (const misses of [[], ['x', 'y']]) {
      const text = reportPage(resultFrom(measuredFrom([], misses)), 'c')
      assert.doesNotMatch(text, /NaN|undefined|Infinity/)
    }
  })

  it('has all of its bars and lines inside of their plots', () => {
    const numbers = [...page().matchAll(/ (x|y|x1|x2|y1|y2|cx|cy|width|height)="([^"]+)"/g)]
    assert.ok(numbers.length > 100)
    for (const [, name, text] of numbers) {
      const value = Number(text)
      assert.ok(value >= 0 && value <= (name!.includes('y') ? 280 : 560), `${name}=${text}`)
    }
  })
})

describe('an axis', () => {
  it('ends at a round number at or above the greatest', () => {
    for (const [most, texts] of [
      [9.3, ['0', '2.5', '5', '7.5', '10']],
      [204, ['0', '100', '200', '300']],
      [0, ['0', '0.25', '0.5', '0.75', '1']],
      [0.0123, ['0', '0.005', '0.01', '0.015']],
    ] as const) {
      const axis = linearAxis('', most)
      assert.deepEqual(
        axis.ticks.map(({ text }) => text),
        texts,
      )
      assert.ok(axis.place(most) <= 1)
    }
  })

  it('of a span ends where it does', () => {
    const axis = spanAxis('', 7)
    assert.equal(axis.place(7), 1)
    assert.ok(axis.ticks.every(({ at }) => at <= 7))
  })

  it('of powers has as much room for each', () => {
    const axis = logAxis('', 1, 1000)
    assert.ok(Math.abs(axis.place(10) - 1 / 3) < 1e-9)
    assert.ok(axis.ticks.length >= 3)
    assert.equal(axis.place(0.01), 0)
  })
})

describe('a number', () => {
  it('has three digits or so', () => {
    assert.deepEqual([0, 0.012345, 1.2345, 99.95, 1234.5].map(short), [
      '0',
      '0.0123',
      '1.23',
      '100',
      '1235',
    ])
    assert.deepEqual([7, 1234, 1234567].map(whole), ['7', '1,234', '1,234,567'])
  })
})
