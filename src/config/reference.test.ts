import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { longName, serveFlags } from './flags.ts'
import { jsonSchema } from './json-schema.ts'
import { keysOf, variableOf } from './keys.ts'
import { configReference, referencePage } from './reference.ts'
import { pathKeys } from './server.ts'
import { serverKeys } from './server-keys.ts'
import { unbuiltModelKeys, unbuiltServerKeys } from './unbuilt.ts'

test('the reference page is up to date: node src/config/reference.ts writes it', () => {
  assert.equal(readFileSync(referencePage, 'utf8'), configReference())
})

test('every key is described', () => {
  const keys = [...serverKeys, ...keysOf(jsonSchema('model'))]
  assert.deepEqual(
    keys.filter(({ description }) => description === '').map(({ path }) => path),
    [],
  )
  assert.ok(keys.length > 60)
})

test('every key has a variable of its own, none that means something else', () => {
  const names = serverKeys.map(({ path }) => variableOf(path))
  assert.equal(new Set(names).size, names.length)
  assert.ok(!names.includes('SLUICE_CONFIG') && !names.includes('SLUICE_ADMIN_TOKEN'))
  assert.equal(variableOf('http.maxBodyBytes'), 'SLUICE_HTTP_MAX_BODY_BYTES')
})

test('every flag is there once, and the ones that are promised are there', () => {
  const names = serveFlags.map(longName)
  assert.equal(new Set(names).size, names.length)
  const promised =
    'config name host http-port grpc-port metrics-port model-control-mode load-model server-name max-body admin-token-file repository-control state-dir trust strict-readiness exit-on-error shutdown-timeout log-level log-format allow-host default max-waiting'
  assert.deepEqual(
    promised.split(' ').filter((name) => !names.includes(`--${name}`)),
    [],
  )
})

test('tables of keys name keys that are there', () => {
  const known = serverKeys.map(({ path }) => path)
  const named = [...pathKeys, ...unbuiltServerKeys.map(({ key }) => key)]
  assert.deepEqual(
    named.filter((key) => !known.includes(key)),
    [],
  )
  const models = keysOf(jsonSchema('model')).map(({ path }) => path)
  assert.deepEqual(
    unbuiltModelKeys.filter(({ key }) => !models.some((path) => `${path}.`.startsWith(`${key}.`))),
    [],
  )
})

test('a flag in seconds tells its default in seconds', () => {
  const flag = serveFlags.find((one) => longName(one) === '--shutdown-timeout')
  assert.match(flag?.description ?? '', /\(default: 30\)$/)
})
