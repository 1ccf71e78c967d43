import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'
import type { TestLine } from './results.ts'

/** node:test's reporter for the runner: one JSON object a line, see `results.ts`. */
export default async function* reporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    const line = lineOf(event)
    if (line !== undefined) yield `${JSON.stringify(line)}\n`
  }
}

function lineOf(event: TestEvent): TestLine | undefined {
  if (event.type === 'test:stdout' || event.type === 'test:stderr') {
    return { kind: 'output', file: event.data.file, text: event.data.message }
  }
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return undefined
  const { name, file = '', skip, todo, details } = event.data
  const common = { name, file, group: details.type === 'suite' }
  const left = skip !== undefined && skip !== false ? skip : todo
  if (left !== undefined && left !== false) {
    return { kind: 'skip', ...common, why: typeof left === 'string' ? left : 'no reason given' }
  }
  if (event.type === 'test:pass') return { kind: 'pass', ...common }
  const { cause, failureType } = event.data.details.error as {
    readonly cause?: unknown
    readonly failureType?: string
  }
  // The children of such a test are reported with their own errors.
  const error = failureType === 'subtestsFailed' ? '' : inspect(cause ?? event.data.details.error)
  return { kind: 'fail', ...common, error }
}
