/** The description of the API is the one that was looked at, and what it shows works. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Server, startServer } from './server.ts'

const golden = join(import.meta.dirname, '../golden/openapi.json')
const biome = join(import.meta.dirname, '../../node_modules/@biomejs/biome/bin/biome')
const models = join(import.meta.dirname, '../../examples/models')

interface Operation {
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly examples?: Examples; example?: unknown }>>
  }
}
type Examples = Readonly<Record<string, { readonly value: unknown }>>
interface Path {
  readonly parameters?: readonly { readonly name: string; readonly example?: string }[]
  readonly get?: Operation
  readonly post?: Operation
}
type Paths = Readonly<Record<string, Path>>

describe('the description of the API', () => {
  let server: Server
  before(async () => {
    server = await startServer([models])
  })
  after(() => server.process.end())

  it('is the one in test/golden/openapi.json', async () => {
    const { json } = await server.ask({ path: '/openapi.json' })
    const came = { ...json, info: { ...(json?.info as object), version: 'VERSION' } }
    if (process.env.UPDATE_GOLDEN === '1') write(came)
    try {
      assert.deepEqual(came, JSON.parse(readFileSync(golden, 'utf8')))
    } catch (cause) {
      const command = 'UPDATE_GOLDEN=1 node_modules/.bin/node --test test/e2e/openapi.test.ts'
      throw new Error(`it changed; if that is meant: ${command}`, { cause })
    }
  })

  it('has examples of bodies, and each is answered', async () => {
    const { json } = await server.ask({ path: '/openapi.json' })
    const examples = bodies(json?.paths as Paths)
    for (const { path, type, body } of examples) {
      const headers = { 'content-type': type }
      const { status, text } = await server.ask({ method: 'POST', path, body, headers })
      assert.equal(status, 200, `${path} ${JSON.stringify(body)}: ${text}`)
    }
    const asked = new Set(examples.map(({ path }) => path))
    for (const model of ['breast-cancer', 'diabetes', 'diabetes-linear', 'digits', 'iris']) {
      assert.ok(asked.has(`/predict/${model}`), `${model} has an example`)
    }
    assert.ok(examples.some(({ type }) => type === 'text/csv'))
    assert.ok(asked.has('/predict/breast-cancer/versions/1'))
    assert.ok(asked.has('/v2/models/breast-cancer/infer'))
    assert.ok(asked.has('/v2/models/breast-cancer/versions/1/infer'))
  })

  it('has no path that nothing is at', async () => {
    const { json } = await server.ask({ path: '/openapi.json' })
    for (const [pattern, item] of Object.entries(json?.paths as Paths)) {
      for (const method of ['get', 'post'] as const) {
        if (item[method] === undefined) continue
        const path = filled(pattern, item)
        const body = method === 'post' ? { body: '' } : {}
        const { status, text } = await server.ask({ path, method: method.toUpperCase(), ...body })
        const expected = method === 'get' ? [200] : [400, 422]
        assert.ok(expected.includes(status), `${method} ${path}: ${status} ${text}`)
      }
    }
  })
})

function write(description: unknown): void {
  writeFileSync(golden, JSON.stringify(description))
  execFileSync(process.execPath, [biome, 'format', '--write', golden], { stdio: 'ignore' })
}

function bodies(paths: Paths) {
  return Object.entries(paths).flatMap(([pattern, item]) => {
    const content = item.post?.requestBody?.content ?? {}
    return Object.entries(content).flatMap(([type, { examples = {}, example }]) =>
      [...Object.values(examples).map(({ value }) => value), ...(example ? [example] : [])].map(
        (body) => ({ path: filled(pattern, item), type, body }),
      ),
    )
  })
}

/** The path with the examples of its parameters. */
function filled(pattern: string, { parameters = [] }: Path): string {
  return pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
    const example = parameters.find((parameter) => parameter.name === name)?.example
    assert.ok(example, `${pattern} has an example of ${name}`)
    return encodeURIComponent(example)
  })
}
