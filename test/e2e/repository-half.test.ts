/** Versions that are still being written: none is served half, each is once it is whole. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { modelFolder, plusModel, scatteredModel } from './models.ts'
import { type Server, until } from './server.ts'
import { allIsWell, serving, untilServed } from './serving.ts'
import { adminRows, counted, served, stateOf } from './states.ts'

describe('a version that is being written', { concurrency: true }, () => {
  it('slowly is not loaded before it is whole', async (t) => {
    const { server, published, asking } = await serving(t)
    await published.slowly('plus/2/model.onnx', plusModel(2), 12, 400)
    assert.deepEqual(await served(server), ['1'])
    await untilServed(server, '2')
    assert.equal(await failures(server), 0, 'nothing was loaded too early')
    await allIsWell({ server, asking }, '2')
  })

  it('and stops half way is told, and tried again when it goes on', async (t) => {
    const { server, published, asking } = await serving(t)
    const bytes = plusModel(2)
    await published.slowly('plus/2/model.onnx', bytes.subarray(0, 50), 1, 0)
    await until(async () => (await stateOf(server, '2'))?.[1] === 'failed', 'it has failed')
    assert.deepEqual(await served(server), ['1'])
    published.write({ 'plus/2/model.onnx': bytes })
    await untilServed(server, '2')
    await allIsWell({ server, asking }, '2')
  })

  it('over the file that serves does not end what serves', async (t) => {
    const { server, published, asking } = await serving(t)
    const digest = await digestOf(server)
    const [file] = Object.values(scatteredModel(1, 1))
    published.write({ 'plus/1/share-0.bin': new Uint8Array(Float32Array.of(1).buffer) })
    await published.slowly('plus/1/model.onnx', file!, 8, 400)
    await until(async () => (await digestOf(server)) !== digest, 'the new file serves')
    assert.equal(await failures(server), 0)
    await allIsWell({ server, asking }, '1')
  })

  it('as many files, by cp -r, is served with all of them', async (t) => {
    const { server, published, asking } = await serving(t)
    const files = scatteredModel(2, 256)
    execFileSync('cp', ['-r', modelFolder(files), join(published.root, 'plus/2')])
    await untilServed(server, '2')
    const row = (await adminRows(server)).find(({ version }) => version === '2')
    assert.equal(row?.files?.length, 257)
    assert.equal(await failures(server), 0)
    await allIsWell({ server, asking }, '2')
  })

  it('one file after another, the model first, waits for the last of them', async (t) => {
    const { server, published, asking } = await serving(t)
    for (const [name, bytes] of Object.entries(scatteredModel(2, 16))) {
      published.write({ [`plus/2/${name}`]: bytes })
      await pause(300)
    }
    assert.deepEqual(await served(server), ['1'])
    await untilServed(server, '2')
    assert.equal(await failures(server), 0)
    await allIsWell({ server, asking }, '2')
  })

  it('whose weights come late is tried again when they are there', async (t) => {
    const { server, published, asking } = await serving(t)
    const { 'model.onnx': file, ...shares } = scatteredModel(2, 2)
    published.file('plus/2', 'model.onnx', file!)
    await until(async () => (await stateOf(server, '2'))?.[1] === 'failed', 'it has failed')
    assert.match(String((await stateOf(server, '2'))![2]), /"share-0\.bin" is missing/)
    for (const [name, bytes] of Object.entries(shares)) published.file('plus/2', name, bytes)
    await untilServed(server, '2')
    await allIsWell({ server, asking }, '2')
  })

  it('into room that was made for all of it is kept out by its lock', async (t) => {
    const { server, published, asking } = await serving(t)
    const files = scatteredModel(2, 2)
    const lines = Object.entries({ '1/model.onnx': plusModel(1), ...under('2', files) })
    const lock = lines.map(([path, bytes]) => `${hash('sha256', bytes)}  ${path}\n`)
    published.file('plus', 'sluice.lock', lock.join(''))
    published.version('plus', 2, { ...files, 'share-1.bin': new Uint8Array(4) })
    await until(async () => (await stateOf(server, '2'))?.[1] === 'failed', 'it has failed')
    assert.match(
      String((await stateOf(server, '2'))![2]),
      /^2\/share-1\.bin is not what sluice\.lock/,
    )
    published.write({ 'plus/2/share-1.bin': files['share-1.bin']! })
    await untilServed(server, '2')
    await allIsWell({ server, asking }, '2')
  })
})

const failures = (server: Server) => counted(server, 'sluice_model_load_failures_total')

const under = (folder: string, files: Readonly<Record<string, Uint8Array>>) =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]))

const digestOf = async (server: Server) => (await adminRows(server))[0]?.digest
