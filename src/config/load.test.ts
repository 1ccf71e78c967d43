import assert from 'node:assert/strict'
import { delimiter } from 'node:path'
import { describe, it } from 'node:test'
import { loadAdminToken } from './admin-token.ts'
import { loadServerConfig } from './load.ts'
import { problemsOf } from './testing.ts'

describe('loadServerConfig', () => {
  it('has a default for everything', () => {
    const { config, origins, warnings } = load({})
    assert.equal(config.http.port, 8000)
    assert.equal(config.http.maxBodyBytes, 67_108_864)
    assert.equal(config.grpc.port, 'off')
    assert.equal(config.onnx.executors, 'auto')
    assert.deepEqual(config.models, [])
    assert.deepEqual(origins.get('http.port'), { source: 'default', name: 'default' })
    assert.deepEqual(warnings, [])
  })

  it('prefers flags to the environment, that to the file, and that to defaults', () => {
    const { config, origins } = load({
      options: { httpPort: '8101' },
      env: { SLUICE_HTTP_PORT: '8102', SLUICE_METRICS_PORT: '8103' },
      files: {
        '/srv/sluice.yaml': 'http: {port: 8104, host: 0.0.0.0}\nmetrics:\n  port: 8105\n',
      },
    })
    assert.equal(config.http.port, 8101)
    assert.equal(config.metrics.port, 8103)
    assert.equal(config.http.host, '0.0.0.0')
    assert.equal(config.http.idleTimeoutMs, 65_000)
    assert.deepEqual(
      ['http.port', 'metrics.port', 'http.host', 'http.idleTimeoutMs'].map(
        (key) => origins.get(key)!.name,
      ),
      ['--http-port', 'SLUICE_METRICS_PORT', 'sluice.yaml:1', 'default'],
    )
  })

  it('is frozen down to its leaves', () => {
    const { config } = load({ args: ['a.onnx'] })
    assert.throws(() => Object.assign(config, { name: 'x' }), TypeError)
    assert.throws(() => Object.assign(config.http, { port: 1 }), TypeError)
    assert.throws(() => (config.models as string[]).push('x'), TypeError)
  })

  it('resolves paths of a file against its folder, and others against the working folder', () => {
    const files = { '/etc/s/x.yaml': 'models: [m, /abs]\nadminTokenFile: ../token\n' }
    const fromFile = load({ options: { config: '/etc/s/x.yaml' }, files })
    assert.deepEqual(fromFile.config.models, ['/etc/s/m', '/abs'])
    assert.equal(fromFile.config.adminTokenFile, '/etc/token')
    const fromFlags = load({ args: ['m', '../n'], options: { config: '/etc/s/x.yaml' }, files })
    assert.deepEqual(fromFlags.config.models, ['/srv/m', '/n'])
    const fromVariable = load({ env: { SLUICE_MODELS: ['p', 'q'].join(delimiter) } })
    assert.deepEqual(fromVariable.config.models, ['/srv/p', '/srv/q'])
  })

  it('reads every kind of value from text', () => {
    const { config } = load({
      options: {
        maxBody: '1.5KiB',
        shutdownTimeout: '2.5',
        metricsPort: 'off',
        strictReadiness: true,
        allowHost: ['a.example', 'b.example'],
      },
      env: {
        SLUICE_LOG_ACCESS: 'false',
        SLUICE_ONNX_EXECUTORS: '3',
        SLUICE_HTTP_CORS_ORIGINS: 'https://a.example, https://c.example',
        SLUICE_NAME: '',
      },
    })
    assert.equal(config.http.maxBodyBytes, 1536)
    assert.equal(config.shutdownTimeoutMs, 2500)
    assert.equal(config.metrics.port, 'off')
    assert.equal(config.readiness.strict, true)
    assert.deepEqual(config.http.allowedHosts, ['a.example', 'b.example'])
    assert.equal(config.log.access, false)
    assert.equal(config.onnx.executors, 3)
    assert.deepEqual(config.http.corsOrigins, ['https://a.example', 'https://c.example'])
    assert.equal(config.name, undefined)
  })

  it('tells every problem of every place at once', () => {
    const told = problems({
      options: { httpPort: '70000', logLevel: 'inf', maxBody: '5XB', shutdownTimeout: '-1' },
      env: { SLUICE_METRICS_PORT: 'abc', SLUICE_READINESS_STRICT: 'constructor' },
      files: {
        '/srv/sluice.yaml': `http:
  prot: 8
  port: "9000"
port: 8
onnx: {executors: 0, threads: 1.5}
__proto__: 4
`,
      },
    })
    assert.deepEqual(told.sort(), [
      '--http-port: expected at most 65535, got 70000',
      '--log-level: expected error, warn, info or debug, got "inf"; did you mean "info"?',
      '--max-body: expected a size such as 64MiB, got "5XB"',
      '--shutdown-timeout (in milliseconds): expected at least 0, got -1000',
      'SLUICE_METRICS_PORT: expected a number or off, got "abc"',
      'SLUICE_READINESS_STRICT: expected true or false, got "constructor"',
      'sluice.yaml:2: http.prot: there is no such key; did you mean "port"?',
      'sluice.yaml:3: http.port: expected a number or off, got "9000"',
      'sluice.yaml:4: port: there is no such key; did you mean "http.port"?',
      'sluice.yaml:5: onnx.executors: expected at least 1, got 0',
      'sluice.yaml:5: onnx.threads: expected a whole number, got 1.5',
      told.find((line) => line.startsWith('sluice.yaml:6: __proto__: there is no such key')),
    ])
  })

  describe('refuses by name what is not built', () => {
    const cases = [
      { options: { grpcPort: '8001' }, told: '--grpc-port 8001: gRPC is not built yet; use off' },
      {
        options: { trust: true },
        told: '--trust: running code of models is not built yet; leave it out',
      },
    ]
    for (const { options, told } of cases) {
      it(told, () => assert.deepEqual(problems({ options }), [told]))
    }

    it('but accepts what asks for nothing', () => {
      const { config } = load({
        options: { grpcPort: 'off' },
        env: { SLUICE_TRUST: 'false' },
      })
      assert.equal(config.grpc.port, 'off')
      assert.equal(config.trust, false)
    })

    it('and looks at the value in effect only', () => {
      const files = { '/srv/sluice.yaml': 'grpc: {port: 8001}\n' }
      assert.deepEqual(problems({ files }), [
        'sluice.yaml:1: grpc.port 8001: gRPC is not built yet; use off',
      ])
      assert.equal(load({ files, options: { grpcPort: 'off' } }).config.grpc.port, 'off')
    })
  })

  it('warns of variables that mean nothing', () => {
    const { config, warnings } = load({
      env: {
        SLUICE_LOG_LEVL: 'debug',
        SLUICE_HTTP_PORT: 'tcp://10.0.0.7:8000',
        SLUICE_SERVICE_HOST: '10.0.0.7',
        SLUICE_PORT_8000_TCP_ADDR: '10.0.0.7',
        SLUICE_ADMIN_TOKEN: 'secret',
        OTHER: 'x',
      },
    })
    assert.equal(config.http.port, 8000)
    assert.deepEqual(warnings, [
      'SLUICE_LOG_LEVL is ignored: there is no such variable; did you mean SLUICE_LOG_LEVEL?',
      'SLUICE_HTTP_PORT is ignored: "tcp://10.0.0.7:8000" is what Kubernetes sets for a service',
    ])
  })

  it('finds the file by flag, then by variable, then by name', () => {
    const files = {
      '/srv/sluice.yaml': 'server: {name: by-name}',
      '/srv/v.yaml': 'server: {name: by-variable}',
      '/srv/f.yaml': 'server: {name: by-flag}',
    }
    const env = { SLUICE_CONFIG: 'v.yaml' }
    const options = { config: 'f.yaml' }
    assert.equal(load({ files }).config.server.name, 'by-name')
    assert.equal(load({ files, env }).config.server.name, 'by-variable')
    assert.equal(load({ files, env, options }).config.server.name, 'by-flag')
  })

  it('needs the file that was named, and one that it may read', () => {
    assert.deepEqual(problems({ options: { config: 'no.yaml' } }), [
      '--config: "no.yaml": there is no such file',
    ])
    assert.deepEqual(problems({ env: { SLUICE_CONFIG: 'no.yaml' } }), [
      'SLUICE_CONFIG: "no.yaml": there is no such file',
    ])
  })

  it('names the line of broken YAML, beside the problems of other places', () => {
    const told = problems({
      options: { httpPort: 'x' },
      files: { '/srv/sluice.yaml': 'http: {port: 1}\nhttp: {port: 2}\n' },
    })
    assert.equal(told.length, 2)
    assert.match(told[0]!, /^sluice\.yaml:2: this is not valid YAML: /)
    assert.match(told[1]!, /^--http-port: /)
  })

  for (const text of ['', '# nothing\n']) {
    it(`takes ${JSON.stringify(text)} for an empty file`, () => {
      assert.equal(load({ files: { '/srv/sluice.yaml': text } }).config.http.port, 8000)
    })
  }

  it('refuses a file that is no map', () => {
    assert.deepEqual(problems({ files: { '/srv/sluice.yaml': '- 1\n' } }), [
      'sluice.yaml: expected keys with values, got [1]',
    ])
  })

  it('refuses a path that is none, also one that no text can be made of', () => {
    assert.deepEqual(problems({ files: { '/srv/sluice.yaml': 'models: [{toString: x}, 7]\n' } }), [
      'sluice.yaml:1: models[0]: expected a text, got {"toString":"x"}',
      'sluice.yaml:1: models[1]: expected a text, got 7',
    ])
  })

  it('refuses to load by name without control over it, and to evict without a limit', () => {
    assert.deepEqual(problems({ options: { loadModel: ['a'], modelEvict: true } }), [
      '--load-model: models are loaded by name under explicit control; add --model-control-mode explicit',
      '--model-evict: idle models make room where there is a limit; add --model-memory with the memory for all models',
    ])
    const options = { loadModel: ['a'], modelControlMode: 'explicit', modelMemory: '1GiB' }
    assert.deepEqual(load({ options: { ...options, modelEvict: true } }).config.modelMemory, {
      limitBytes: 2 ** 30,
      evict: true,
    })
  })

  it('reads what is limited for all models from keys, flags and variables', () => {
    const file = (text: string) => ({ '/srv/sluice.yaml': text })
    const of = (given: Given) => load(given).config.rateLimit
    assert.deepEqual(of({}), { mode: 'off', resources: {} })
    assert.deepEqual(
      of({ files: file('rateLimit: {mode: executionCount, resources: {a: 2, b: 3}}') }),
      { mode: 'executionCount', resources: { a: 2, b: 3 } },
    )
    const options = { rateLimit: 'execution_count', rateLimitResource: ['a:7:0', 'b:5', 'a:4'] }
    assert.deepEqual(of({ options }), { mode: 'executionCount', resources: { a: 7, b: 5 } })
    const env = {
      SLUICE_RATE_LIMIT_MODE: 'executionCount',
      SLUICE_RATE_LIMIT_RESOURCES: 'a:6, c:1',
    }
    assert.deepEqual(of({ env }), { mode: 'executionCount', resources: { a: 6, c: 1 } })
    assert.deepEqual(problems({ options: { rateLimitResource: ['a:1', 'b:2:1', 'c'] } }), [
      '--rate-limit-resource: expected a name and a count, such as R1:4, got "b:2:1"',
      '--rate-limit-resource: expected a name and a count, such as R1:4, got "c"',
    ])
    assert.deepEqual(problems({ options: { rateLimitResource: ['a:1'] } }), [
      '--rate-limit-resource: resources are counted where the rate is limited; add --rate-limit execution_count',
    ])
  })

  it('refuses two servers on one port, and one name for many paths', () => {
    assert.deepEqual(problems({ options: { metricsPort: '8000', name: 'm' }, args: ['a', 'b'] }), [
      '--name: expected exactly one path to serve under this name, got 2; a model among several is named by "name" in its model.yaml',
      '--metrics-port: port 8000 is already taken by http.port; choose another, 0 to pick a free one, or off',
    ])
    const { config } = load({
      options: { metricsPort: '0', httpPort: '0', name: 'm' },
      args: ['a'],
    })
    assert.equal(config.name, 'm')
  })
})

describe('loadAdminToken', () => {
  const files = {
    '/srv/sluice.yaml': 'adminTokenFile: from-file',
    '/srv/from-file': 'token-of-file\n',
    '/srv/from-flag': ' token-of-flag ',
    '/srv/empty': '\n',
  }
  const token = (options: Record<string, unknown>, env: Record<string, string>) =>
    loadAdminToken(load({ files, options, env }), env, reading(files))

  it('prefers the flag to the variable, and that to the key of the file', () => {
    assert.equal(token({}, {}), 'token-of-file')
    assert.equal(token({}, { SLUICE_ADMIN_TOKEN: 'spoken' }), 'spoken')
    const flag = { adminTokenFile: 'from-flag' }
    assert.equal(token(flag, { SLUICE_ADMIN_TOKEN: 'spoken' }), 'token-of-flag')
  })

  it('is undefined where nothing sets it', () => {
    assert.equal(loadAdminToken(load({}), {}, reading({})), undefined)
  })

  it('refuses a file that is missing or empty, and a token of several words', () => {
    const failing = (options: Record<string, unknown>, env: Record<string, string> = {}) =>
      problemsOf(() => token(options, env))
    assert.deepEqual(failing({ adminTokenFile: 'no' }), [
      '--admin-token-file: "/srv/no": there is no such file',
    ])
    assert.match(failing({ adminTokenFile: 'empty' })[0]!, /^--admin-token-file: the file has no/)
    assert.match(failing({}, { SLUICE_ADMIN_TOKEN: 'a b' })[0]!, /^SLUICE_ADMIN_TOKEN: .* one word/)
  })
})

interface Given {
  readonly args?: readonly string[]
  readonly options?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
}

const load = ({ files = {}, env = {}, ...given }: Given) =>
  loadServerConfig({ ...given, env, cwd: '/srv', readFile: reading(files) })

const problems = (given: Given): string[] => problemsOf(() => load(given))

const reading = (files: Readonly<Record<string, string>>) => (path: string) => {
  const text = files[path]
  if (text === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' })
  return text
}
