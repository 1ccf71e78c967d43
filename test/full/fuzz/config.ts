/** `sluice.yaml`, `model.yaml` and the environment: frozen values, or a ConfigError with its places. */
import assert from 'node:assert/strict'
import {
  ConfigError,
  kindOfConfig,
  loadServerConfig,
  parseModelConfig,
} from '../../../src/config/index.ts'
import { mutateText } from './mutate.ts'
import type { Random } from './random.ts'
import type { Target } from './target.ts'

export const configTexts: Target = {
  name: 'configuration',
  cases: 60_000,
  open: () => (random, given) => {
    const isServer = random.chance(0.5)
    const text = configText(isServer ? serverParts : modelParts, random)
    const env = random.chance(0.2) ? anyEnvironment(random) : {}
    given(`${JSON.stringify(env)}\n${text}`)
    if (isServer) {
      withProblems(() => loadServerConfig({ env, cwd: '/srv', readFile: () => text }))
    } else withProblems(() => parseModelConfig(text, 'model.yaml'))
    if (random.chance(0.1)) withProblems(() => kindOfConfig('other.yaml', text))
  },
}

function withProblems(read: () => unknown): void {
  try {
    read()
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown
    assert.ok(thrown.problems.length > 0)
    assert.ok(thrown.problems.every(({ where, message }) => where !== '' && message !== ''))
  }
}

function configText(parts: readonly string[], random: Random): string {
  if (random.chance(0.02)) {
    return random.of(['[', '{a: ', '- ', '? ', '!!set {']).repeat(random.below(4000))
  }
  const chosen = parts.filter(() => random.chance(0.3))
  const text = random.chance(0.9)
    ? chosen.join('\n')
    : random.list(40, () => random.of(spice)).join('')
  return random.chance(0.2) ? text : mutateText(text, random, spice).toString()
}

function anyEnvironment(random: Random): Readonly<Record<string, string>> {
  return Object.fromEntries(
    random.list(4, () => [
      random.of(variables),
      random.chance(0.5) ? random.of(values) : random.of(spice),
    ]),
  )
}

const serverParts = [
  'models: [a.onnx, "b c"]',
  'name: iris',
  'default: iris',
  'server: { name: sluice }',
  'http:\n  host: 127.0.0.1\n  port: 8000\n  maxBodyBytes: 64MiB\n  allowedHosts: [x.example]',
  'http: { corsOrigins: ["*"], bodyTimeoutMs: 400, idleTimeoutMs: 60000 }',
  'grpc: { port: off }',
  'metrics:\n  port: 8002',
  'onnx: { executors: auto, threads: 2, library: /lib/x.so }',
  'queue: { maxWaiting: 0 }',
  'readiness: { strict: yes }',
  'exitOnError: true\nshutdownTimeoutMs: 0',
  'modelControlMode: none\nloadModels: []\nrepositoryControl: token',
  'stateDir: off',
  'log: { level: debug, format: json, access: false }',
  'traces: { endpoint: "http://127.0.0.1:4318" }',
]

const modelParts = [
  'name: iris',
  'runtime: onnx',
  'inputs:\n  - name: x\n    datatype: FP32\n    shape: [-1, 2]\n    fields: [a, b]\n    minimum: 0\n    maximum: 1.5',
  'inputs: [{ name: x, datatype: BYTES, allowed: [red, 1, true], minimumLength: 1, maximumLength: 9 }]',
  'inputs: [{ name: x, nonFinite: refuse }, { name: y }]',
  'outputs: [{ name: y, datatype: INT64, shape: [-1] }]',
  'labels: [setosa, 2, virginica]',
  'queue: { maxWaiting: 12 }',
  'onnx:\n  providers: [cpu, { name: cuda, options: { device_id: 0 } }]\n  strict: false\n  session: { a: b }',
  'onnx: { graphOptimization: all, executionMode: parallel, freeDimensions: { n: 4 } }',
  'versions: { latest: 2 }',
  'versions: { specific: [1, 3] }',
  'executors: auto\nisolation: none\ntrusted: false',
  'batching: {}\ncache: {}\nslo: {}\nrollout: auto',
]

const spice = [
  ...[
    '\n',
    '  ',
    '\t',
    ':',
    ': ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '"',
    "'",
    '#',
    '|',
    '>',
    '%',
    '@',
    '`',
  ],
  ...[
    '&a ',
    '*a',
    '<<: *a',
    '? ',
    '!!binary ',
    '!!set ',
    '!!omap ',
    '!!timestamp ',
    '!x ',
    '---\n',
    '...\n',
  ],
  ...[
    'null',
    '~',
    'true',
    'off',
    '.nan',
    '.inf',
    '-.inf',
    '0x1f',
    '0o17',
    '1e400',
    '-1',
    '2001-01-01',
  ],
  ...[
    '9007199254740993',
    '__proto__: ',
    'constructor: ',
    'toString: ',
    '[]: ',
    '{}: ',
    'null: ',
    '\0',
    '\ufeff',
  ],
  ...['a: &a [*a, *a]', '&a [&b [*a], *b]', '😀', '\ud800', 'x: x\nx: y', '\u2028', '\\x', '"\\u'],
]

const variables = [
  ...[
    'SLUICE_MODELS',
    'SLUICE_NAME',
    'SLUICE_HTTP_PORT',
    'SLUICE_HTTP_MAX_BODY_BYTES',
    'SLUICE_GRPC_PORT',
  ],
  ...[
    'SLUICE_ONNX_EXECUTORS',
    'SLUICE_TRUST',
    'SLUICE_LOG_LEVEL',
    'SLUICE_TRACES_ENDPOINT',
    'SLUICE_HTTP_PROT',
  ],
  ...['SLUICE_QUEUE_MAX_WAITING', 'SLUICE_SHUTDOWN_TIMEOUT_MS', 'SLUICE_', 'SLUICE___PROTO__'],
]

const values = [
  '8000',
  'off',
  'true',
  'auto',
  '64MiB',
  '1e3',
  'tcp://10.0.0.7:8000',
  'a:b',
  'a,b',
  'none',
]
