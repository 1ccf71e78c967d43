/** Every route, as the server composes them: what has no scope is not served, and who may manage. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../clock.ts'
import { loadServerConfig } from '../../config/index.ts'
import { noEvents } from '../../events.ts'
import { controlOf } from '../../protocols/testing.ts'
import { Registry } from '../../repository/index.ts'
import { protocolsOf } from '../../serve.ts'
import { Metrics } from '../../telemetry/index.ts'
import { Access } from './access.ts'
import type { HttpProtocol, Route } from './route.ts'
import { routeTable } from './route-table.ts'
import { Router } from './router.ts'

test('every route of every protocol has a scope, and only what may be open to all is public', (t) => {
  const rows = routeTable(composed(t.after.bind(t)))
  assert.ok(rows.length > 20, `${rows.length} routes`)
  const publicPaths = rows.filter(({ scope }) => scope === 'public').map(({ path }) => path)
  assert.deepEqual(
    publicPaths.filter(
      (path) => !/^(\/v2)?(\/models\/.*)?\/(health(\/live|\/ready)?|ready)$/.test(path),
    ),
    [],
  )
  const posts = rows.filter(({ method, scope }) => method === 'POST' && scope !== 'infer')
  assert.deepEqual(
    posts.filter(({ scope }) => scope !== 'manage').map(({ path }) => path),
    ['/v2/repository/index', '/v2/repository/:repository/index'],
    'what is sent to a server is a prediction, or changes it, but for an index of Triton',
  )
})

test('loading and unloading take the token, unless the repository is open to all', (t) => {
  const scopes = (options: Readonly<Record<string, string>>) =>
    routeTable(composed(t.after.bind(t), options))
      .filter(({ path }) => /load$/.test(path))
      .map(({ path, scope }) => `${path.split('/')[1]} ${scope}`)
  assert.deepEqual(new Set(scopes({})), new Set(['v2 manage', 'admin manage']))
  const open = scopes({ repositoryControl: 'open' })
  assert.deepEqual(new Set(open), new Set(['v2 infer', 'admin manage']))
})

test('every route that changes the server is refused from outside without the token', (t) => {
  assert.deepEqual(openFromOutside(composed(t.after.bind(t))), [])
})

test('a planted route that changes the server is held to the token', () => {
  const planted = protocol({ method: 'POST', path: '/planted', scope: 'manage', handle })
  assert.deepEqual(openFromOutside([planted]), [])
  assert.equal(routeTable([planted]).length, 1)
})

test('a planted route without a scope, or with one that is none, is not served', () => {
  for (const scope of [undefined, 'admin', 'toString'] as unknown as Route['scope'][]) {
    const planted = protocol({ method: 'POST', path: '/planted', scope, handle })
    assert.throws(
      () => routeTable([planted]),
      /POST \/planted has no scope: expected one of public/,
    )
    assert.throws(() => new Router([planted]), TypeError)
  }
})

/** The routes that manage and that somebody without the right token may use from outside. */
function openFromOutside(protocols: readonly HttpProtocol[]): readonly string[] {
  const headers = { host: 'models.example', origin: undefined }
  return routeTable(protocols)
    .filter(({ scope }) => scope === 'manage')
    .flatMap(({ path, scope }) =>
      [undefined, 'secret'].flatMap((adminToken) =>
        [undefined, 'Bearer wrong', 'Bearer undefined'].flatMap((authorization) => {
          const policy = { boundTo: '0.0.0.0', adminToken, allowedHosts: [], corsOrigins: [] }
          return new Access(policy).refusal({ scope, authorization, ...headers }) === undefined
            ? [path]
            : []
        }),
      ),
    )
}

function composed(
  after: (end: () => void) => void,
  flags: Readonly<Record<string, string>> = {},
): readonly HttpProtocol[] {
  const metrics = new Metrics({ version: '1.2.3' })
  after(() => metrics.close())
  const { config } = loadServerConfig({ options: flags, env: {}, cwd: '/nowhere' })
  const models = new Registry({ defaultModel: undefined, strict: false, events: noEvents })
  const control = controlOf()
  const options = { config, models, control, metrics, clock: systemClock, serverVersion: '1.2.3' }
  const { http, metrics: metricsPort } = protocolsOf(options)
  return [...http, ...metricsPort]
}

const handle = () => {}
const protocol = (...routes: readonly Route[]): HttpProtocol => ({
  prefix: '',
  routes,
  fail: handle,
})
