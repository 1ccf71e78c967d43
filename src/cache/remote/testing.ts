/** A Redis of a test's own, gone when the test ends. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import type { TestContext } from 'node:test'

/** Why tests with a Redis are skipped; undefined where they are not. */
export const withoutRedis: string | undefined =
  spawnSync('redis-server', ['--version']).status === 0
    ? undefined
    : 'redis-server is not installed'

export interface TestRedis {
  readonly port: number
  readonly url: string
  readonly process: ChildProcess
  /** Ends it at once. */
  kill(): Promise<void>
}

/** On a free port, or on one where another has been. */
export async function startRedis(t: TestContext, onPort?: number): Promise<TestRedis> {
  const port = onPort ?? (await freePort())
  const quiet = ['--save', '', '--appendonly', 'no', '--dir', tmpdir()]
  const words = ['--port', `${port}`, '--bind', '127.0.0.1', ...quiet]
  const redis = spawn('redis-server', words, { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(redis, 'exit')
  const kill = async () => {
    redis.kill('SIGKILL')
    await ended
  }
  t.after(kill)
  let said = ''
  for await (const chunk of redis.stdout) {
    said += chunk
    if (said.includes('Ready to accept connections')) break
  }
  if (!said.includes('Ready')) throw new Error(said)
  return { port, url: `redis://127.0.0.1:${port}`, process: redis, kill }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
