import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Access, type AccessPolicy, type AccessRequest, isLoopback, SCOPES } from './access.ts'

const loopbacks = ['127.0.0.1', '127.8.9.10', '::1', 'localhost', 'LOCALHOST', '::ffff:127.0.0.1']
const elsewheres = ['0.0.0.0', '::', '192.168.1.5', 'models.example', '127.0.0.1.example']

test('loopback is loopback by any of its names, and nothing else is', () => {
  for (const address of loopbacks) assert.ok(isLoopback(address), address)
  for (const address of elsewheres) assert.ok(!isLoopback(address), address)
})

test('on loopback every scope is open, whatever the token', () => {
  for (const boundTo of loopbacks) {
    for (const scope of SCOPES) {
      for (const authorization of tokens) {
        assert.equal(reason({ boundTo, adminToken: 'right' }, { scope, authorization }), undefined)
        assert.equal(reason({ boundTo }, { scope, authorization }), undefined)
      }
    }
  }
})

test('elsewhere manage takes the token, and every other scope is open', () => {
  const [none, wrong, right] = tokens
  for (const boundTo of elsewheres) {
    for (const scope of ['public', 'infer', 'read'] as const) {
      for (const authorization of tokens) {
        assert.equal(reason({ boundTo, adminToken: 'right' }, { scope, authorization }), undefined)
      }
    }
    const manage = (authorization: string | undefined, adminToken?: string) =>
      reason({ boundTo, adminToken }, { scope: 'manage', authorization })
    assert.equal(manage(none, 'right'), 'TOKEN_MISSING')
    assert.equal(manage(wrong, 'right'), 'TOKEN_WRONG')
    assert.equal(manage(right, 'right'), undefined)
    for (const authorization of tokens) assert.equal(manage(authorization), 'TOKEN_UNSET')
  }
})

test('a token is given as a bearer, in any case, and as nothing else', () => {
  const cases = [
    ['bearer right', undefined],
    ['BEARER  right', undefined],
    ['Basic right', 'TOKEN_MISSING'],
    ['right', 'TOKEN_MISSING'],
    ['Bearer', 'TOKEN_MISSING'],
    ['Bearer right more', 'TOKEN_MISSING'],
    ['Bearer Right', 'TOKEN_WRONG'],
    ['Bearer righ', 'TOKEN_WRONG'],
  ] as const
  for (const [authorization, expected] of cases) {
    const policy = { boundTo: '0.0.0.0', adminToken: 'right' }
    assert.equal(reason(policy, { scope: 'manage', authorization }), expected, authorization)
  }
})

test('on loopback a request by the name of a stranger is refused, but for its health', () => {
  const cases = [
    [{ host: 'evil.example' }, 'HOST_REFUSED'],
    [{ host: 'evil.example:8000' }, 'HOST_REFUSED'],
    [{ host: '127.0.0.1.evil.example' }, 'HOST_REFUSED'],
    [{ host: 'localhost.evil.example' }, 'HOST_REFUSED'],
    [{ host: 'notlocalhost' }, 'HOST_REFUSED'],
    [{ host: '' }, 'HOST_REFUSED'],
    [{ host: 'localhost', origin: 'https://evil.example' }, 'HOST_REFUSED'],
    [{ host: 'localhost', origin: 'https://localhost.evil.example' }, 'HOST_REFUSED'],
    [{ host: 'localhost', origin: 'null' }, 'HOST_REFUSED'],
    [{ host: 'localhost', origin: 'file://' }, 'HOST_REFUSED'],
    [{ host: undefined }, undefined],
    [{ host: 'localhost' }, undefined],
    [{ host: 'LocalHost:8000' }, undefined],
    [{ host: 'app.localhost:8000' }, undefined],
    [{ host: '127.0.0.1:8000' }, undefined],
    [{ host: '192.168.1.5' }, undefined],
    [{ host: '[::1]:8000' }, undefined],
    [{ host: 'localhost', origin: 'http://localhost:5173' }, undefined],
    [{ host: 'localhost', origin: 'http://[::1]:5173' }, undefined],
    [{ host: 'models.test' }, undefined],
    [{ host: 'MODELS.test:8000' }, undefined],
    [{ host: 'localhost', origin: 'https://models.test' }, undefined],
    [{ host: 'localhost', origin: 'https://page.example' }, undefined],
    [{ host: 'localhost', origin: 'http://page.example' }, 'HOST_REFUSED'],
  ] as const
  const policy = {
    boundTo: '127.0.0.1',
    allowedHosts: ['models.TEST'],
    corsOrigins: ['https://page.example'],
  }
  for (const [headers, expected] of cases) {
    for (const scope of ['infer', 'read', 'manage'] as const) {
      assert.equal(reason(policy, { scope, ...headers }), expected, JSON.stringify(headers))
    }
    assert.equal(reason(policy, { scope: 'public', ...headers }), undefined)
  }
})

test('elsewhere the server goes by any name', () => {
  const headers = { host: 'evil.example', origin: 'https://evil.example' }
  assert.equal(reason({ boundTo: '0.0.0.0' }, { scope: 'infer', ...headers }), undefined)
})

const tokens = [undefined, 'Bearer wrong', 'Bearer right'] as const

function reason(
  policy: Partial<AccessPolicy>,
  request: Partial<AccessRequest> & Pick<AccessRequest, 'scope'>,
): string | undefined {
  const full = { boundTo: '', adminToken: undefined, allowedHosts: [], corsOrigins: [], ...policy }
  const none = { host: undefined, origin: undefined, authorization: undefined }
  return new Access(full).refusal({ ...none, ...request })?.reason
}

test('an address is fit for a Host, but as an Origin only one of this machine is', () => {
  const origin = (value: string, allowedHosts: readonly string[] = []) =>
    reason({ boundTo: '127.0.0.1', allowedHosts }, { scope: 'infer', origin: value })
  for (const ours of ['http://127.0.0.1:3000', 'http://[::1]', 'http://ui.localhost:1']) {
    assert.equal(origin(ours), undefined, ours)
  }
  for (const theirs of ['http://203.0.113.5', 'http://[2001:db8::1]:99']) {
    assert.equal(origin(theirs), 'HOST_REFUSED', theirs)
  }
  assert.equal(origin('http://203.0.113.5', ['203.0.113.5']), undefined)
})

test('who was let in before changes nothing for who comes after', () => {
  const host = fc.constantFrom(undefined, 'localhost', 'a.example', '127.0.0.1:80', 'evil.example')
  const origin = fc.constantFrom(undefined, 'http://localhost', 'http://evil.example')
  const authorization = fc.constantFrom(...tokens)
  const request = fc.record({ scope: fc.constantFrom(...SCOPES), host, origin, authorization })
  fc.assert(
    fc.property(fc.constantFrom('::1', '0.0.0.0'), fc.array(request), (boundTo, requests) => {
      const policy = { adminToken: 'right', allowedHosts: ['a.example'], corsOrigins: [], boundTo }
      const access = new Access(policy)
      for (const one of requests) {
        assert.equal(access.refusal(one)?.reason, new Access(policy).refusal(one)?.reason)
      }
    }),
    { seed: 4, numRuns: 300 },
  )
})
