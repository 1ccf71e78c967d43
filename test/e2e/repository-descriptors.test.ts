/** A server that has no file descriptors left to look at its repository. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plusModel } from './models.ts'
import { Published } from './published.ts'
import { until } from './server.ts'
import { startOver, untilOnly, untilServed } from './serving.ts'
import { counted, states } from './states.ts'
import { Wire } from './wire.ts'

const few = ['sh', '-c', 'ulimit -n 80; exec "$@"', 'sh']

test('without descriptors nothing that serves ends, and changes are taken when there are some', async (t) => {
  const published = new Published()
  for (const name of ['plus', 'a', 'b', 'c']) {
    published.version(name, 1, { 'model.onnx': plusModel(1) })
  }
  const server = await startOver(t, published, { through: few })
  assert.equal(await counted(server, 'process_max_fds'), 80)
  const kept = await Wire.open(server.port)
  const ask = async () => {
    await kept.send(`GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    return (await kept.answer()).text
  }
  const wires = await Promise.all(Array.from({ length: 100 }, () => Wire.open(server.port)))
  await until(
    async () => /^sluice_repository_errors_total [1-9]/m.test(await ask()),
    'the repository cannot be read',
  )
  published.version('plus', 2, { 'model.onnx': plusModel(2) })
  assert.match(await ask(), /^sluice_model_stable\{model="plus",version="1"\} 1$/m)
  for (const wire of wires) wire.destroy()
  await untilServed(server, '2')
  await untilOnly(server, '2')
  for (const name of ['a', 'b', 'c']) {
    assert.deepEqual(await states(server, name), [['1', 'ready', undefined]])
  }
  const good = await server.ask({ path: '/predict/plus', body: { features: [7] } })
  assert.equal(good.json?.prediction, 9)
  assert.equal((await server.process.end()).code, 0)
})
