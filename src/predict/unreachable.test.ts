import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { unreachable } from './unreachable.ts'

test('a server that is asked by TLS and does not speak it is told of in words of its own', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const thrown = await fetch(`https://${host}`).catch((error: unknown) => error)
  assert.deepEqual(unreachable(`https://${host}/`, thrown), {
    message: `the server at ${host} does not speak TLS`,
    hint: `try http://${host}`,
  })
})
