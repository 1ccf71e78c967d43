import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpProtocol, Route } from './route.ts'
import { Router } from './router.ts'

test('a route is found with its parameters, decoded', () => {
  const cases = [
    ['POST', '/predict', '/predict', {}],
    ['POST', '/predict/iris', '/predict/:model', { model: 'iris' }],
    ['POST', '/predict/a%2Fb', '/predict/:model', { model: 'a/b' }],
    ['POST', '/predict/%C3%A9t%C3%A9', '/predict/:model', { model: 'été' }],
    ['POST', '/predict/__proto__', '/predict/:model', { model: '__proto__' }],
    ['GET', '/health', '/health', {}],
    ['HEAD', '/health', '/health', {}],
    ['GET', '/v2/models/iris', '/v2/models/:model', { model: 'iris' }],
    ['GET', 'http://localhost:8000/health', '/health', {}],
  ] as const
  for (const [method, path, pattern, params] of cases) {
    const match = router.match(method, path)
    assert.ok('route' in match, path)
    assert.equal(match.route.path, pattern)
    assert.deepEqual({ ...match.params }, params)
  }
})

test('what is not there is not found, in the words of the protocol with that prefix', () => {
  const cases = [
    ['GET', '/', plain],
    ['GET', '/nosuch', plain],
    ['GET', '/health/', plain],
    ['GET', '/predict', plain, ['POST']],
    ['HEAD', '/predict', plain, ['POST']],
    ['POST', '/health', plain, ['GET', 'HEAD']],
    ['OPTIONS', '/health', plain, ['GET', 'HEAD']],
    ['TRACE', '/predict/iris', plain, ['POST']],
    ['constructor', '/predict', plain, ['POST']],
    ['POST', '/predict/%', plain],
    ['POST', '/predict/%zz', plain],
    ['POST', '/predict/%c0%ae', plain],
    ['POST', `/predict/${'x'.repeat(1025)}`, plain],
    ['GET', '/v2/nosuch', v2],
    ['GET', '/v2', v2],
    ['GET', '/v2x', plain],
    ['POST', '/v2/models/iris', v2, ['GET', 'HEAD']],
    ['OPTIONS', '*', plain],
    ['GET', '', plain],
  ] as const
  for (const [method, path, protocol, allowed = []] of cases) {
    const match = router.match(method, path)
    assert.ok('problem' in match, path)
    assert.equal(match.protocol.prefix, protocol.prefix, path)
    assert.deepEqual(match.allowed, allowed)
    const reason = allowed.length === 0 ? 'ROUTE_NOT_FOUND' : 'METHOD_NOT_ALLOWED'
    assert.equal(match.problem.reason, reason, path)
    assert.ok(match.problem.message.length < 200)
  }
})

const route = (method: Route['method'], path: string): Route => ({
  method,
  path,
  scope: 'read',
  handle: () => {},
})
const protocol = (prefix: string, ...routes: readonly Route[]): HttpProtocol => ({
  prefix,
  routes,
  fail: () => {},
})
const v2 = protocol('/v2', route('GET', '/v2/models/:model'))
const plain = protocol(
  '',
  route('POST', '/predict'),
  route('POST', '/predict/:model'),
  route('GET', '/health'),
)
const router = new Router([v2, plain])
