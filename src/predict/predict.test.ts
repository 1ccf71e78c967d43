import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { predictCommand } from '../cli/predict.ts'
import { captured } from '../cli/testing.ts'
import { loadServerConfig } from '../config/index.ts'
import { silentLog } from '../log.ts'
import { type RunningServer, serve } from '../serve.ts'
import { exampleCommand } from './index.ts'

const examples = fileURLToPath(new URL('../../examples/', import.meta.url))
const models = `${examples}models`
const row = '[5.1,3.5,1.4,0.2]'

describe('sluice predict', () => {
  let server: RunningServer
  before(async () => {
    const options = { httpPort: '0', metricsPort: 'off' }
    const { config } = loadServerConfig({ args: [models], options, env: {} })
    const settings = { config, servingFiles: { models: [], warnings: [] } }
    const reread = async () => settings
    server = await serve({ ...settings, reread, adminToken: undefined, log: silentLog })
    await server.settled
  })
  after(() => server.stop())

  for (const name of ['iris', 'breast-cancer', 'digits', 'diabetes', 'diabetes-linear']) {
    it(`gives the same answer with and without a server: ${name}`, async () => {
      const { rows } = JSON.parse(readFileSync(`${examples}data/${name}.json`, 'utf8'))
      for (const input of [rows[0], rows.slice(1, 4)].map((value) => JSON.stringify(value))) {
        const here = await run(models, '--model', name, '--input', input, '--json')
        const there = await run(server.url!, '--model', name, '--input', input, '--json')
        assert.deepEqual([here.err, here.exitCode, there.exitCode], ['', 0, 0])
        assert.equal(withoutTime(here.out), withoutTime(there.out))
        assert.match(here.out, /^\{"prediction":/)
      }
    })
  }

  for (const asked of ['on disk', 'of a server']) {
    const target = () => (asked === 'on disk' ? `${models}/iris` : `${server.url}/predict/iris`)

    it(`prints the prediction first, and scores by their labels: a model ${asked}`, async () => {
      const { out, exitCode } = await run(target(), '--input', row)
      assert.match(
        out,
        /^prediction {3}setosa\nprobability {2}setosa +0\.97\d+\n +versicolor +0\.0/,
      )
      assert.equal(exitCode, 0)
    })

    it(`says what is wrong and where: a model ${asked}`, async () => {
      const { out, err, exitCode } = await run(target(), '--input', '[5.1,3.5,1.4,"x"]')
      assert.deepEqual(err.split('\n').slice(0, 2), [
        'input "features": expected a number (FP32), got "x"',
        '  at features.petal_width',
      ])
      assert.deepEqual({ out, exitCode }, { out: '', exitCode: 1 })
    })

    it(`shows a command that works where the input is missing: a model ${asked}`, async () => {
      const { err, exitCode } = await run(target())
      assert.equal(exitCode, 2)
      const [, input] = /--input '(\{"sepal_length".*\})'$/m.exec(err) ?? []
      assert.equal((await run(target(), '--input', input!)).exitCode, 0)
    })

    it(`takes CSV: a model ${asked}`, async () => {
      const { out } = await run(target(), '--input', '@rows.csv')
      assert.match(out, /^row .*\n0 +setosa .*\n1 +virginica /)
    })
  }

  it('asks which of several models is meant, as wrong usage', async () => {
    const here = await run(models, '--input', row)
    assert.match(here.err, /holds 5 models.*\n {2}choose by --model: .*\biris\b/)
    assert.equal(here.exitCode, 2)
    const there = await run(server.url!)
    assert.match(there.err, /choose by --model .*\biris\b/)
    assert.equal(there.exitCode, 2)
  })

  for (const [name, args, says] of [
    ['a model that is not there', [models, '--model', 'no'], /^no model is named "no"\n {2}known/],
    ['a path that is not there', ['nowhere.onnx'], /^nowhere\.onnx: there is no such file$/m],
    ['a folder without models', [`${examples}data`], /data holds no model: expected/],
    [
      'a file that is no model',
      [`${examples}README.md`],
      /README\.md cannot be read: expected an ONNX/,
    ],
  ] as const) {
    it(`refuses ${name}`, async () => {
      const { err, exitCode } = await run(...args, '--input', row)
      assert.match(err, says)
      assert.equal(exitCode, 1)
    })
  }

  it('says in one line that nobody listens', async () => {
    const { port, close } = await listen(createTcpServer())
    await close()
    const { err, exitCode } = await run(`http://127.0.0.1:${port}`, '--input', row)
    assert.match(
      err,
      /^no server answers at http:\/\/127\.0\.0\.1:\d+: the connection is refused\n/,
    )
    assert.equal(exitCode, 1)
  })

  it('knows a server that ends the connection, and one that is no Sluice', async () => {
    const rude = await listen(
      createTcpServer((socket) => socket.once('data', () => socket.destroy())),
    )
    const alien = await listen(
      createServer((request, response) => {
        request.resume()
        response.setHeader('connection', 'close').end('<html>')
      }),
    )
    const first = await run(`http://127.0.0.1:${rude.port}`, '--input', row)
    assert.match(first.err, /ended the connection before it answered/)
    const second = await run(`http://127.0.0.1:${alien.port}`, '--input', row)
    assert.match(
      second.err,
      /gave no prediction: expected an answer of Sluice, got HTTP status 200/,
    )
    assert.deepEqual([first.exitCode, second.exitCode], [1, 1])
    await Promise.all([rude.close(), alien.close()])
  })
})

it('an example names a whole body where its value could be taken for one', () => {
  const body = { features: { features: 1, age: 2 } }
  assert.equal(
    exampleCommand(['a b.onnx'], { body }),
    `sluice predict 'a b.onnx' --input '{"features":{"features":1,"age":2}}'\n`,
  )
  assert.equal(
    exampleCommand(['m.onnx'], { body: { inputs: { a: [1] } } }),
    `sluice predict m.onnx --input '{"inputs":{"a":[1]}}'\n`,
  )
})

const withoutTime = (answer: string) => answer.replace(/"latency_ms":[\d.]+/, '"latency_ms":0')

async function listen(server: ReturnType<typeof createTcpServer>) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { port, close: () => new Promise((resolve) => server.close(resolve)) }
}

async function run(...args: string[]) {
  const { said, io } = captured()
  const command = predictCommand({
    ...io,
    progress: { say() {}, end() {} },
    readFile: () => Promise.resolve(Buffer.from('5.1,3.5,1.4,0.2\n6.4,3.2,5.3,2.3\n')),
    readStdin: () => Promise.reject(new Error('not asked for')),
  })
  await command.parseAsync(args, { from: 'user' })
  return said
}
