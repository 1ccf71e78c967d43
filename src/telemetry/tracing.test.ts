import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { HandClock } from '../clock.ts'
import { fail } from '../errors.ts'
import type { Fields } from '../log.ts'
import { childTraceparent } from '../trace.ts'
import { startTracing } from './index.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const parent = `00-${traceId}-b7ad6b7169203331-01`
const wall = 1_700_000_000_000

test('a span reaches the collector with its parent, times and attributes', async (t) => {
  const { tracer, spans, resources } = await setUp(t)
  tracer.span('POST /predict/:model', {
    traceparent: parent,
    kind: 'server',
    startMs: 10,
    endMs: 12.5,
    attributes: { model: 'iris', rows: 3, warm: true },
  })
  await tracer.shutdown()

  const [span] = spans()
  assert.equal(span?.name, 'POST /predict/:model')
  assert.equal(span?.traceId, traceId)
  assert.equal(span?.parentSpanId, 'b7ad6b7169203331')
  assert.equal(span?.kind, 2)
  // the clock stood at 100 when it was told, 90 ms after the span began
  assert.equal(span?.startTimeUnixNano, `${wall - 90}000000`)
  assert.equal(span?.endTimeUnixNano, `${wall - 88}500000`)
  assert.deepEqual(span?.attributes, [
    { key: 'model', value: { stringValue: 'iris' } },
    { key: 'rows', value: { intValue: 3 } },
    { key: 'warm', value: { boolValue: true } },
  ])
  assert.deepEqual(resources().find(({ key }) => key === 'service.name')?.value, {
    stringValue: 'churn-server',
  })
})

test('a span has the identity that was handed out for it', async (t) => {
  const { tracer, spans } = await setUp(t)
  const handedOut = childTraceparent(parent, (count) => new Uint8Array(count).fill(7))
  tracer.span('handed out', { traceparent: parent, self: handedOut, startMs: 1, endMs: 2 })
  const fresh = childTraceparent(undefined, (count) => new Uint8Array(count).fill(9), tracer.on)
  tracer.span('fresh', { self: fresh, startMs: 1, endMs: 2 })
  tracer.span('random', { startMs: 1, endMs: 2 })
  await tracer.shutdown()

  const [first, second, third] = spans()
  assert.deepEqual(
    [first?.traceId, first?.spanId, first?.parentSpanId],
    [traceId, '07'.repeat(8), 'b7ad6b7169203331'],
  )
  assert.deepEqual(
    [second?.traceId, second?.spanId, second?.parentSpanId],
    ['09'.repeat(16), '09'.repeat(8), undefined],
  )
  assert.match(String(third?.spanId), /^(?!0909)[0-9a-f]{16}$/)
})

test('a malformed traceparent begins a trace', async (t) => {
  const { tracer, spans } = await setUp(t)
  tracer.span('alone', { traceparent: '00-nonsense', startMs: 1, endMs: 2 })
  await tracer.shutdown()
  assert.equal(spans()[0]?.name, 'alone')
  assert.equal(spans()[0]?.parentSpanId, undefined)
})

test('who was told not to record does not', async (t) => {
  const { tracer, spans } = await setUp(t)
  tracer.span('unsampled', { traceparent: parent.replace(/01$/, '00'), startMs: 1, endMs: 2 })
  tracer.span('sampled', { traceparent: parent, startMs: 1, endMs: 2 })
  await tracer.shutdown()
  assert.deepEqual(
    spans().map(({ name }) => name),
    ['sampled'],
  )
})

test('an error is the status of its span', async (t) => {
  const { tracer, spans } = await setUp(t)
  const error = fail('QUEUE_FULL', { model: 'iris', limit: 5 })
  tracer.span('refused', { startMs: 1, endMs: 2, error })
  await tracer.shutdown()
  assert.deepEqual(spans()[0]?.status, {
    code: 2,
    message: '5 requests are already waiting for "iris"',
  })
  assert.deepEqual(spans()[0]?.attributes, [
    { key: 'error.type', value: { stringValue: 'QUEUE_FULL' } },
  ])
})

test('a collector that refuses is told of once, and harms nobody', async (t) => {
  const { tracer, warnings } = await setUp(t, 400)
  tracer.span('lost', { startMs: 1, endMs: 2 })
  await tracer.shutdown()
  assert.deepEqual(
    warnings.map(({ event }) => event),
    ['traces do not reach the collector'],
  )
})

test('missing packages are one warning with the command that mends it', async () => {
  const warnings: Fields[] = []
  const tracer = await startTracing({
    ...options('http://127.0.0.1:9', warnings),
    load: () => import('@opentelemetry/not-installed' as string),
  })
  tracer.span('nowhere', { startMs: 1, endMs: 2 })
  await tracer.shutdown()
  assert.equal(tracer.on, false)
  assert.equal(warnings.length, 1)
  assert.match(String(warnings[0]?.install), /^npm install @opentelemetry\/api @opentelemetry\/sdk/)
})

test('what is not switched on is not loaded', () => {
  const room = JSON.stringify(new URL('./index.ts', import.meta.url).href)
  const script = `
    import { createRequire } from 'node:module'
    await import(${room})
    const loaded = Object.keys(createRequire(${room}).cache)
    console.log(loaded.filter((file) => /opentelemetry|prom-client/.test(file)).length)`
  const flags = ['--input-type=module', '-e', script]
  assert.equal(execFileSync(process.execPath, flags, { encoding: 'utf8' }), '0\n')
})

/** What an exporter posts, as far as it is looked at here. */
interface Body {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: unknown }[] }
    readonly scopeSpans: readonly { readonly spans: readonly Record<string, unknown>[] }[]
  }[]
}

async function setUp(t: TestContext, status = 200) {
  const bodies: Body[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    assert.equal(request.url, '/v1/traces')
    bodies.push(JSON.parse(text))
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  t.after(() => server.closeAllConnections())
  const warnings: Fields[] = []
  const { port } = server.address() as AddressInfo
  const tracer = await startTracing(options(`http://127.0.0.1:${port}/`, warnings))
  const groups = () => bodies.flatMap(({ resourceSpans }) => resourceSpans)
  return {
    tracer,
    warnings,
    resources: () => groups().flatMap(({ resource }) => resource.attributes),
    spans: () => groups().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  }
}

function options(endpoint: string, warnings: Fields[]) {
  const clock = new HandClock()
  clock.advance(100)
  const warn = (event: string, fields?: Fields) => void warnings.push({ event, ...fields })
  const log = { error() {}, warn, info() {}, debug() {} }
  return { endpoint, serviceName: 'churn-server', log, clock, wallNow: () => wall }
}
