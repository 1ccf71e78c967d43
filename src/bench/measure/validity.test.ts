import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whyInvalid } from './validity.ts'

for (const [use, reasons] of [
  [{ lateP99Ms: 0.99, cores: 0.94, seconds: 9 }, []],
  [{ lateP99Ms: undefined, cores: undefined, seconds: 9 }, []],
  [{ lateP99Ms: undefined, cores: 1.3, seconds: 0.9 }, []],
  [
    { lateP99Ms: 1.01, cores: 0.2, seconds: 0.1 },
    [/^requests were sent late: p99 of the delay is 1.01 ms/],
  ],
  [
    { lateP99Ms: undefined, cores: 1.3, seconds: 1 },
    [/^the load generator itself took a whole core \(1.30\)/],
  ],
  [{ lateP99Ms: 0, cores: 0, seconds: 9, failures: ['no ports'] }, [/^no ports$/]],
  [{ lateP99Ms: 40, cores: 0.95, seconds: 9 }, [/late/, /core/]],
] as const) {
  test(`a generator is judged: ${JSON.stringify(use)}`, () => {
    const told = whyInvalid({ failures: [], ...use })
    assert.equal(told.length, reasons.length)
    for (const [at, reason] of reasons.entries()) assert.match(told[at]!, reason)
  })
}
