import assert from 'node:assert/strict'
import { test } from 'node:test'
import { predictIris, type Running, startServer } from './running.ts'

const ports = ['--http-port', '0', '--metrics-port', 'off']

const limit = { timeout: 60_000 }

test(
  'npm start serves the examples, and a SIGTERM to npm ends the server first',
  limit,
  async () => {
    const server = await npmStart()
    await endsWell(server, () => server.child.kill('SIGTERM'))
  },
)

test('a Ctrl-C, which npm passes on once more, is an ordinary end', limit, async () => {
  const server = await npmStart()
  // A terminal sends it to the whole process group.
  await endsWell(server, () => signalGroup(server, 'SIGINT'))
})

test('a killed npm leaves no server behind', limit, async () => {
  const server = await npmStart()
  try {
    server.child.kill('SIGKILL')
    // The pipes of its output close with the last process that holds them.
    await server.end()
    await assert.rejects(fetch(server.url))
  } finally {
    signalGroup(server, 'SIGKILL')
  }
})

function npmStart(): Promise<Running> {
  return startServer('npm', ['start', '--', ...ports], { ...process.env })
}

async function endsWell(server: Running, stop: () => void): Promise<void> {
  try {
    assert.equal(await predictIris(server.url), 'virginica')
    stop()
    const { code, errors } = await server.end()
    assert.equal(code, 0, errors)
    await assert.rejects(fetch(server.url))
  } finally {
    signalGroup(server, 'SIGKILL')
  }
}

function signalGroup({ child }: Running, signal: NodeJS.Signals): void {
  try {
    process.kill(-Number(child.pid), signal)
  } catch {
    // Nobody is left in it.
  }
}
