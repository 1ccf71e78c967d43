/** `sluice bench` against the real server, and against servers that misbehave. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext, test } from 'node:test'
import type { BenchResult } from '../../src/bench/index.ts'
import { echoModel, modelFolder, pairModel } from './models.ts'
import { type Exit, type Server, Sluice, startServer } from './server.ts'

describe('a server under load', () => {
  let server: Server
  const folder = modelFolder({ 'echo.onnx': echoModel(), 'pair.onnx': pairModel() })

  before(async () => {
    server = await startServer([folder, '--log-level', 'warn'])
  })
  after(() => server.process.end('SIGKILL'))

  for (const protocol of ['json', 'oip-json', 'oip-binary'] as const) {
    it(`answers by ${protocol} as it did before the load, and tells where time went`, async () => {
      const flags = ['--protocol', protocol, '--check', '--rows', '3', ...requests(120)]
      const { code, result } = await benched(address(server), '--model', 'pair', ...flags)
      assert.equal(code, 0)
      const { measured, target } = result
      assert.deepEqual([measured.answered, measured.missed], [120, 0])
      assert.deepEqual(
        [target.protocol, target.model, target.rows, target.checked],
        [protocol, 'pair', 3, true],
      )
      assert.match(target.server!, /^sluice \d/)
      assert.equal(measured.server!.requests, 120)
      const rows = measured.server!.batches!.reduce(
        (sum, batch) => sum + batch.rows * batch.runs,
        0,
      )
      assert.equal(rows, 360)
    })
  }

  it('is asked by bytes where nothing else is said, at the rate that was asked for', async () => {
    const report = join(modelFolder({}), 'report.html')
    const flags = ['--rate', '50', '--duration', '2', '--slo-ms', '9000', '--report', report]
    const { code, result } = await benched(`${address(server)}/v2/models/echo`, ...flags)
    assert.equal(result.target.protocol, 'oip-binary')
    const { requests: asked, answered, rate } = result.measured
    assert.equal(asked, answered)
    assert.ok(asked > 50 && asked < 150, `${asked} of about 100`)
    assert.equal(asked, Math.round(rate.scheduled! * 2))
    assert.equal(code, unlessInvalid(result, 0))
    const page = readFileSync(report, 'utf8')
    assert.match(page, /<title>echo: sluice bench<\/title>/)
    assert.match(page, /--rate 50 --duration 2/)
  })

  it('is the subject of a table for people, and of a line a second', async () => {
    const flags = ['--model', 'echo', '--concurrency', '1', '--duration', '1500ms']
    const { code, stdout, stderr } = await run(address(server), ...flags)
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^echo at http:\/\/127\.0\.0\.1:\d+, oip-binary of sluice /)
    assert.match(stdout, /^requests +[\d,]+ answered, 0 missed/m)
    assert.match(stdout, /^latency +p50 \d.* p99\.9 \d/m)
    assert.match(stdout, /\ndone\n$/)
    assert.match(stderr, /^[12] of 2\.5 s: /m)
  })

  it('is asked what a file says', async () => {
    const lines = [1, 2, 3].map((x) => JSON.stringify({ features: [x, x, x] }))
    const data = join(modelFolder({}), 'data.jsonl')
    writeFileSync(data, lines.join('\n'))
    const flags = ['--data', data, '--check', '--protocol', 'json', ...requests(9)]
    const { code, result } = await benched(`${address(server)}/predict/echo`, ...flags)
    assert.deepEqual([code, result.target.questions, result.measured.answered], [0, 3, 9])
  })

  it('has the scenarios of MLPerf', async () => {
    const flags = ['--model', 'echo', '--scenario', 'single-stream', '--requests', '200']
    const { code, result } = await benched(address(server), ...flags)
    assert.equal(code, 0)
    const { value, unit } = result.scenario!
    assert.equal(unit, 'ms')
    assert.ok(value! >= result.measured.latencyMs.p90! && value! <= result.measured.latencyMs.max!)
    const few = await benched(address(server), ...flags.slice(0, -1), '20')
    assert.equal(few.code, 4)
    assert.match(few.result.verdict.reasons[0]!, /20 queries are too few, 64 are needed/)
  })

  it('is told apart from one that has no such model, in its own words', async () => {
    const { code, stdout, stderr } = await run(address(server), '--model', 'nothing')
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /"nothing": HTTP 404: .*echo/)
  })

  it('must be told which of its models is meant', async () => {
    const { code, stderr } = await run(address(server))
    assert.equal(code, 2)
    assert.match(stderr, /which model\?\n {2}choose by --model: echo, pair/)
  })
})

test('a model on disk is loaded and asked in the process', async () => {
  const folder = modelFolder({ 'echo.onnx': echoModel() })
  const { code, result } = await benched(join(folder, 'echo.onnx'), '--check', ...requests(200))
  assert.equal(code, 0)
  assert.deepEqual([result.target.protocol, result.target.model], ['in-process', 'echo'])
  assert.equal(result.measured.answered, 200)
  assert.ok(result.measured.server!.inferMs > 0)
})

describe('a server that', () => {
  it('is slow misses the SLO, and is not missed itself', async (t) => {
    const url = await stub(t, (_, answer) => setTimeout(answer, 120))
    const { code, result } = await benched(url, ...plain, '--rate', '40', ...slo(50), ...seconds(1))
    assert.equal(result.measured.missed, 0)
    assert.ok(result.measured.latencyMs.p50! >= 119)
    assert.equal(result.measured.withinSlo, 0)
    assert.equal(code, unlessInvalid(result, 1))
  })

  it('stands still for a while is seen by everybody who came meanwhile', async (t) => {
    const url = await stub(t, (asked, answer) => {
      // a second in the middle of three, in which nothing is answered
      const isStill = asked > 100 && asked <= 200
      setTimeout(answer, isStill ? (201 - asked) * 10 : 0)
    })
    const flags = ['--rate', '100', '--arrivals', 'constant', '--warm-up', '0', ...seconds(3)]
    const { result } = await benched(url, ...plain, ...flags)
    const { p50, p99 } = result.measured.latencyMs
    assert.ok(p99! > 900, `p99 ${p99}`)
    assert.ok(p50! < 500, `p50 ${p50}`)
  })

  it('fails now and then is told with its statuses and its words', async (t) => {
    const url = await stub(t, (asked, answer) => {
      if (asked % 4 === 0) answer(503, '{"detail":"the queue is full"}')
      else if (asked % 8 === 2) answer(500, 'oops')
      else answer()
    })
    const { code, result } = await benched(url, ...plain, ...requests(80))
    assert.equal(code, 1)
    assert.deepEqual(result.measured.misses, [
      { why: 'HTTP 503: the queue is full', count: 20 },
      { why: 'HTTP 500', count: 10 },
    ])
    assert.match(result.verdict.reasons[0]!, /37\.5 % of the requests were missed/)
    assert.equal(result.measured.latencyMs.p99, null)
  })

  it('closes connections is told so', async (t) => {
    const url = await stub(t, (asked, answer, response) => {
      if (asked > 1 && asked % 5 === 0) response.destroy()
      else answer()
    })
    const { code, result } = await benched(url, ...plain, ...requests(50))
    assert.equal(code, 1)
    assert.deepEqual(result.measured.misses, [{ why: 'the connection was closed', count: 10 }])
  })

  it('does not answer in time is missed after that time', async (t) => {
    const url = await stub(t, (asked, answer) => {
      if (asked % 2 === 1) answer()
    })
    const flags = ['--timeout-ms', '60', ...requests(6)]
    const { code, result } = await benched(url, ...plain, ...flags)
    assert.equal(code, 1)
    assert.deepEqual(result.measured.misses, [{ why: 'no answer within 60 ms', count: 3 }])
  })

  it('answers wrong is found out by --check, and by nothing else', async (t) => {
    const url = await stub(t, (asked, answer) => {
      answer(200, JSON.stringify({ prediction: asked === 30 ? 2 : 1, model_version: `${asked}` }))
    })
    const found = await benched(url, ...plain, '--check', ...requests(60))
    assert.equal(found.code, 1)
    assert.deepEqual(found.result.verdict.reasons, ['wrong answer: prediction is 2, expected 1'])
    const unchecked = await benched(url, ...plain, ...requests(60))
    assert.equal(unchecked.code, 0)
  })

  it('keeps too many waiting is not given more', async (t) => {
    const url = await stub(t, (asked, answer) => {
      if (asked === 1) answer()
    })
    const flags = ['--rate', '100', '--max-in-flight', '7', '--timeout-ms', '500', '--warm-up', '0']
    const { code, result } = await benched(url, ...plain, ...flags, ...requests(30))
    assert.equal(code, 1)
    const whys = new Map(result.measured.misses.map(({ why, count }) => [why, count]))
    assert.equal(whys.get('not sent: 7 were in flight')! + whys.get('no answer within 500 ms')!, 30)
    assert.ok(whys.get('no answer within 500 ms')! >= 7)
  })

  it('is not there fails at once', async () => {
    const { code, stderr } = await run('http://127.0.0.1:1024', ...requests(1))
    assert.equal(code, 1)
    assert.match(stderr, /no server answers at http:\/\/127\.0\.0\.1:1024/)
  })

  it('can do no more than so much is found out', async (t) => {
    // 40 a second, and four more at once; the others are refused
    let tokens = 4
    let last = performance.now()
    const url = await stub(t, (_, answer) => {
      const now = performance.now()
      tokens = Math.min(4, tokens + ((now - last) * 40) / 1000)
      last = now
      if (tokens < 1) return answer(429, '{"detail":"slower"}')
      tokens -= 1
      answer()
    })
    const flags = [
      '--find-rate',
      ...slo(5000),
      '--percentile',
      '90',
      '--rate',
      '20',
      ...seconds(0.5),
    ]
    const { code, result } = await benched(url, ...plain, ...flags, '--warm-up', '0')
    const { rate, limit, trials } = result.search!
    assert.ok(trials.length >= 3)
    if (limit === 'slo') {
      assert.equal(code, 0, JSON.stringify(result.search))
      assert.ok(rate! > 2 && rate! < 80, JSON.stringify(trials))
      assert.ok(trials.at(-1)!.confirming && trials.at(-1)!.verdict === 'held')
    } else assert.equal(code, 4)
  })
})

test('Ctrl-C ends the load, and what there is so far is told', async (t) => {
  const url = await stub(t, (_, answer) => answer())
  const process = sluice(url, ...plain, '--rate', '50', '--duration', '50', '--warm-up', '0')
  await process.said(/ requests, /)
  const { code, stdout, ms } = await process.end('SIGINT')
  assert.equal(code, 4)
  assert.ok(ms < 10_000)
  assert.match(stdout, /^requests +\d+ answered/m)
  assert.match(stdout, /INCONCLUSIVE: it was interrupted/)
})

test('a command line that asks for nothing is refused', async () => {
  for (const [args, message] of [
    [['http://h', '--rate', '1', '--concurrency', '1'], /two kinds of load/],
    [['http://h', '--rate', 'x'], /Expected a number above 0/],
    [['http://h', '--duration', '5h'], /Expected seconds/],
    [['http://h', '--protocol', 'grpc'], /Allowed choices are/],
    [['http://h', '--header', 'no value'], /Expected a name and a value/],
    [['http://h', '--shape', 'x'], /Expected an input and its sizes/],
    [['http://h', '--data', '/no/such/file'], /\/no\/such\/file: /],
    [['127.0.0.1:8000'], /for a server: http:\/\/127\.0\.0\.1:8000/],
    [[], /missing required argument 'target'/],
  ] as const) {
    const { code, stdout, stderr } = await run(...args)
    assert.deepEqual([code, stdout], [2, ''], stderr)
    assert.match(stderr, message)
  }
})

test('headers may be secrets, and are in no report', async (t) => {
  const url = await stub(t, (_, answer, response) => {
    const { authorization } = response.req.headers
    answer(authorization === 'Bearer hush' ? 200 : 401, '{"prediction":1}')
  })
  const report = join(modelFolder({}), 'report.html')
  const flags = ['--header', 'Authorization: Bearer hush', '--report', report, ...requests(3)]
  const { code, result } = await benched(url, ...plain, ...flags)
  assert.equal(code, 0)
  assert.ok(existsSync(report))
  assert.doesNotMatch(readFileSync(report, 'utf8') + JSON.stringify(result), /hush/)
})

const dataFile = join(modelFolder({ 'data.jsonl': '{"features":[1]}' }), 'data.jsonl')
const plain = ['--protocol', 'json', '--data', dataFile]
const requests = (count: number) => ['--requests', `${count}`, '--warm-up', '0']
const seconds = (count: number) => ['--duration', `${count}`]
const slo = (ms: number) => ['--slo-ms', `${ms}`]
const address = ({ port }: Server) => `http://127.0.0.1:${port}`

/** A machine under other load sends late, and then nothing can be said. */
const unlessInvalid = ({ measured }: BenchResult, code: number) =>
  measured.invalid.length > 0 ? 4 : code

const sluice = (...args: readonly string[]) => new Sluice(['bench', ...args])

const run = (...args: readonly string[]): Promise<Exit> => sluice(...args).exit

async function benched(...args: readonly string[]) {
  const { code, stdout, stderr } = await run(...args, '--json')
  assert.notEqual(stdout, '', stderr)
  return { code, result: JSON.parse(stdout) as BenchResult }
}

type Answer = (status?: number, body?: string) => void

/** A server of the plain API alone. `asked` counts requests, the first of which comes before the load. */
async function stub(
  t: TestContext,
  respond: (asked: number, answer: Answer, response: ServerResponse<IncomingMessage>) => void,
): Promise<string> {
  let asked = 0
  const server = createServer((request, response) => {
    request.resume()
    if (request.method !== 'POST') {
      response.writeHead(404).end()
      return
    }
    const number = ++asked
    request.on('end', () =>
      respond(
        number,
        (status = 200, body = '{"prediction":1}') => response.writeHead(status).end(body),
        response,
      ),
    )
  }).listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
