import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noEvents } from '../events.ts'
import type { ModelControl } from '../model-control.ts'
import { Registry } from '../repository/index.ts'
import { controlToCome } from './control-to-come.ts'

const models = new Registry({ defaultModel: undefined, strict: false, events: noEvents })

test('what is asked before there is control is done when there is', async () => {
  const asked: unknown[] = []
  const coming = Promise.withResolvers<ModelControl>()
  const control = controlToCome('explicit', models, coming.promise)
  assert.deepEqual(control.index(), [])
  const loaded = control.load('iris', { force: true })
  const unloaded = control.unload('digits')
  coming.resolve({
    mode: 'explicit',
    index: () => [{ name: 'iris' }],
    load: async (...given) => void asked.push(['load', ...given]),
    unload: async (...given) => void asked.push(['unload', ...given]),
    reload: async () => ({ models: [], needRestart: [] }),
  })
  await Promise.all([loaded, unloaded])
  assert.deepEqual(asked, [
    ['load', 'iris', { force: true }],
    ['unload', 'digits', undefined],
  ])
  assert.deepEqual(control.index(), [{ name: 'iris' }])
})

test('where it never comes, whoever asked is told why', async () => {
  const control = controlToCome('none', models, Promise.reject(new Error('no library')))
  await assert.rejects(control.reload(), /no library/)
  assert.deepEqual(control.index(), [])
})
