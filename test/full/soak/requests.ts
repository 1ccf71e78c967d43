/** The kinds of requests of the soak. Each knows what its answer must be, and fails otherwise. */
import assert from 'node:assert/strict'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Random } from '../fuzz/random.ts'
import type { Client, Got, Sent } from './client.ts'

/** One request and the judgement of its answer. */
export type Ask = (client: Client, random: Random, turns: (ms: number) => number) => Promise<void>

/** How often each is sent, in shares. */
export const kinds: Readonly<Record<string, readonly [share: number, ask: Ask]>> = {
  'plain JSON': [40, (client, random) => plainJson(client, random, 40)],
  'large plain JSON': [2, (client, random) => plainJson(client, random, 5000)],
  'gzip both ways': [5, (client, random) => zipped(client, random)],
  'plain CSV': [5, plainCsv],
  'Open Inference JSON': [30, sumJson],
  'Open Inference binary': [40, (client, random) => binary(client, random, 2000)],
  'large binary': [2, (client, random) => binary(client, random, 600_000)],
  'a slow model': [5, slow],
  'a deadline that passes': [3, late],
  'a body that is wrong': [10, wrong],
  'a client that leaves while it sends': [4, leaveWhileSending],
  'a client that leaves while it waits': [4, leaveWhileWaiting],
  pages: [5, pages],
}

async function plainJson(client: Client, random: Random, most: number): Promise<void> {
  const x = rowsOf(random, 1 + random.below(most))
  const got = await client.send(post('/predict/echo', { features: x }))
  assert.deepEqual(jsonOf(got, 200).outputs, { y: x })
}

async function zipped(client: Client, random: Random): Promise<void> {
  const x = rowsOf(random, 1 + random.below(3000))
  const { path, body } = post('/predict/echo', { features: x })
  const headers = { 'content-encoding': 'gzip', 'accept-encoding': 'gzip' }
  const got = await client.send({ path, headers, body: gzipSync(body!) })
  assert.deepEqual(jsonOf(got, 200).outputs, { y: x })
}

async function plainCsv(client: Client, random: Random): Promise<void> {
  const rows = Array.from({ length: 1 + random.below(50) }, () => [
    random.below(256),
    random.below(256),
  ])
  const body = Buffer.from(rows.map((row) => row.join(',')).join('\n'))
  const headers = { 'content-type': 'text/csv' }
  const got = await client.send({ path: '/predict/bytes', headers, body })
  assert.deepEqual(jsonOf(got, 200).outputs, { y: rows })
}

async function sumJson(client: Client, random: Random): Promise<void> {
  const count = 2 * (1 + random.below(30))
  const data = (name: string) => {
    const numbers = Array.from({ length: count }, () => random.below(4000) / 4)
    return { name, datatype: 'FP32', shape: [count / 2, 2], data: numbers }
  }
  const [a, b] = [data('a'), data('b')]
  const got = await client.send(post('/v2/models/pair/infer', { inputs: [b, a] }))
  const [sum] = jsonOf(got, 200).outputs as readonly { data: readonly number[] }[]
  assert.deepEqual(
    sum?.data,
    a.data.map((one, index) => one + b.data[index]!),
  )
}

async function binary(client: Client, random: Random, most: number): Promise<void> {
  const rows = 1 + random.below(most)
  const first = random.below(1000)
  const x = Float32Array.from({ length: 3 * rows }, (_, index) => first + index / 8)
  const raw = Buffer.from(x.buffer)
  const parameters = { binary_data_size: raw.byteLength }
  const json = Buffer.from(
    JSON.stringify({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, 3], parameters }],
      parameters: { binary_data_output: true },
    }),
  )
  const got = await client.send({
    path: '/v2/models/echo/infer',
    headers: { [lengthHeader]: `${json.byteLength}` },
    body: Buffer.concat([json, raw]),
  })
  assert.equal(got.status, 200, shown(got))
  const answer = got.bytes.subarray(Number(got.headers[lengthHeader]))
  assert.ok(answer.equals(raw), `${answer.byteLength} other bytes than the ${raw.byteLength} sent`)
}

async function slow(client: Client, random: Random, turns: (ms: number) => number): Promise<void> {
  const x = random.below(1000) / 8
  const got = await client.send(slowly(turns(1 + random.below(40)), x))
  assert.deepEqual(jsonOf(got, 200).prediction, [x])
}

async function late(client: Client, random: Random): Promise<void> {
  const headers = { 'x-request-timeout-ms': `${20 + random.below(80)}` }
  const got = await client.send({ ...slowly(endless, 1), headers })
  assert.equal(jsonOf(got, 504).code, 'deadline_exceeded')
}

async function wrong(client: Client, random: Random): Promise<void> {
  const right = JSON.stringify({ features: rowsOf(random, 1 + random.below(200)) })
  const [path, text, status] = random.of([
    ['/predict/echo', right.slice(0, 1 + random.below(right.length - 1)), 422],
    ['/predict/echo', right.replace(']]', ',1]]'), 422],
    ['/predict/bytes', '{"features":[1,256]}', 422],
    ['/predict/pair', '{"inputs":{"a":[[1,2]]}}', 422],
    ['/v2/models/pair/infer', right, 400],
    ['/predict/nosuch', right, 404],
  ] as const)
  const answer = jsonOf(await client.send({ path, body: Buffer.from(text) }), status)
  assert.ok(answer.detail ?? answer.error, 'an error tells what is wrong')
}

async function leaveWhileSending(client: Client, random: Random): Promise<void> {
  const leaving = new AbortController()
  const body = Buffer.alloc(1 + random.below(400_000), ' ')
  const sendBytes = random.below(body.byteLength)
  const left = client.send({ path: '/predict/echo', body, sendBytes, signal: leaving.signal })
  setTimeout(() => leaving.abort(), random.below(20))
  await assert.rejects(left, { name: 'AbortError' })
}

async function leaveWhileWaiting(client: Client, random: Random): Promise<void> {
  const leaving = new AbortController()
  const left = client.send({ ...slowly(endless, 1), signal: leaving.signal })
  setTimeout(() => leaving.abort(), random.below(60))
  await assert.rejects(left, { name: 'AbortError' })
}

async function pages(client: Client, random: Random): Promise<void> {
  const path = random.of([
    '/metrics',
    '/health',
    '/v2',
    '/v2/models/echo',
    '/openapi.json',
    '/docs',
  ])
  const got = await client.send({ path })
  assert.equal(got.status, 200, shown(got))
  assert.ok(got.bytes.byteLength > 10)
}

/** Hours: a run that ends only by being stopped. */
const endless = 4_000_000_000

const lengthHeader = 'inference-header-content-length'

const post = (path: string, body: unknown): Sent => ({
  path,
  body: Buffer.from(JSON.stringify(body)),
})

const slowly = (turns: number, x: number): Sent =>
  post('/predict/slow', { inputs: { n: [turns], x: [x] } })

/** Rows of three that a float of 32 bits holds exactly, and no two alike. */
function rowsOf(random: Random, count: number): readonly (readonly number[])[] {
  const first = random.below(1000)
  return Array.from({ length: count }, (_, row) => [
    first + row,
    -0.5 - row / 4,
    random.below(64) / 8,
  ])
}

function jsonOf(got: Got, status: number): Readonly<Record<string, unknown>> {
  assert.equal(got.status, status, shown(got))
  const isZipped = got.headers['content-encoding'] === 'gzip'
  return JSON.parse((isZipped ? gunzipSync(got.bytes) : got.bytes).toString())
}

const shown = ({ status, bytes }: Got): string => `${status} ${bytes.toString().slice(0, 500)}`
