import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { measuredFrom } from './testing.ts'
import { type Findings, verdictOf } from './verdict.ts'

const many = (count: number, ms: number) => Array<number>(count).fill(ms)
const slo = { ms: 10, percentile: 0.99 }

describe('a run comes to', () => {
  const cases: readonly (readonly [
    name: string,
    findings: Partial<Findings>,
    kind: string,
    reason?: RegExp,
  ])[] = [
    ['done, where nothing must hold', {}, 'done'],
    [
      'done, where the SLO holds, and says how sure that is',
      { measured: measuredFrom([...many(990, 5), ...many(10, 20)], [], 10), slo },
      'done',
      /^the SLO holds: 99\.0 % of the requests .* 10 ms \(for 99 % confidence \d+ requests/,
    ],
    [
      'done with confidence, where enough requests were within the bound',
      { measured: measuredFrom(many(459, 5), [], 10), slo },
      'done',
      /\(with 99 % confidence\)/,
    ],
    [
      'failed, where one request more was late',
      { measured: measuredFrom([...many(989, 5), ...many(11, 20)], [], 10), slo },
      'failed',
      /^the SLO is missed: 98\.9 %/,
    ],
    [
      'failed, where requests were missed: they are late as well',
      { measured: measuredFrom(many(980, 5), Array(20).fill('HTTP 503'), 10), slo },
      'failed',
      /^the SLO is missed: 98\.0 %/,
    ],
    [
      'failed, where more were missed than the percentile leaves out',
      { measured: measuredFrom(many(980, 5), Array(20).fill('HTTP 503')) },
      'failed',
      /^2\.0 % of the requests were missed: HTTP 503/,
    ],
    [
      'done, where as many were missed as it leaves out',
      { measured: measuredFrom(many(990, 5), Array(10).fill('HTTP 503')) },
      'done',
    ],
    [
      'failed, where one answer was wrong, whatever else there is',
      { measured: measuredFrom(many(990, 5), ['wrong answer: y is 1']), interrupted: true },
      'failed',
      /^wrong answer: y is 1/,
    ],
    [
      'failed, where nothing was answered, and says why',
      { measured: measuredFrom([], ['the connection was refused']) },
      'failed',
      /no request was answered: the connection was refused/,
    ],
    [
      'inconclusive, where the generator could send nothing',
      {
        measured: {
          ...measuredFrom([], ['the load generator ran out of ports']),
          invalid: ['the load generator ran out of ports'],
        },
      },
      'inconclusive',
      /ran out of ports/,
    ],
    ['inconclusive, where nothing was asked', { measured: measuredFrom([]) }, 'inconclusive'],
    [
      'inconclusive, where it was interrupted',
      { measured: measuredFrom(many(9, 50), [], 10), slo, interrupted: true },
      'inconclusive',
      /interrupted/,
    ],
    [
      'inconclusive, where the generator was late, though the SLO is missed',
      {
        measured: { ...measuredFrom(many(9, 50), [], 10), invalid: ['requests were sent late'] },
        slo,
      },
      'inconclusive',
      /sent late/,
    ],
    [
      'inconclusive, where a scenario had too few queries',
      {
        measured: measuredFrom(many(20, 5), [], 10),
        slo,
        scenario: {
          ...{ scenario: 'server', value: null, unit: 'queries/s', sure: false, rules: [] },
          why: 'too few',
        },
      },
      'inconclusive',
      /too few/,
    ],
    [
      'done, where a search found its rate',
      { slo, search: { rate: 321.5, limit: 'slo' } },
      'done',
      /holds up to 321\.5 a second/,
    ],
    ['failed, where it found none', { slo, search: { rate: undefined, limit: 'slo' } }, 'failed'],
    [
      'inconclusive, where the generator ended it',
      { slo, search: { rate: 50, limit: 'generator' } },
      'inconclusive',
      /at least 50\.0 a second hold/,
    ],
    [
      'inconclusive, where nothing held twice',
      { slo, search: { rate: undefined, limit: 'unsteady' } },
      'inconclusive',
    ],
  ]
  for (const [name, findings, kind, reason = /(?:)/] of cases) {
    it(name, () => {
      const verdict = verdictOf({
        measured: measuredFrom(many(100, 5)),
        slo: undefined,
        percentile: 0.99,
        scenario: undefined,
        search: undefined,
        interrupted: false,
        ...findings,
      })
      assert.equal(verdict.kind, kind, verdict.reasons[0])
      assert.match(verdict.reasons[0] ?? '', reason)
    })
  }
})
