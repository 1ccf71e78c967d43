import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The folder of the Node that runs the tests, and the rest of PATH without this clone's packages. */
export const newNode = fileURLToPath(new URL('../../node_modules/node/bin', import.meta.url))
export const outerPath = (process.env.PATH ?? '')
  .split(':')
  .filter((folder) => !folder.includes('/node_modules/'))

export interface Running {
  readonly child: ChildProcess
  /** The first address of the ready line. */
  readonly url: string
  /** What it ended with, and its words on stderr. */
  end(): Promise<{ readonly code: number | null; readonly errors: string }>
}

/** Starts a server in a process group of its own, and waits for its ready line. */
export async function startServer(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string = root,
): Promise<Running> {
  const child = spawn(command, args, {
    cwd,
    // what is learned in a test is of no use to whoever runs it
    env: { SLUICE_STATE_DIR: 'off', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const ended = once(child, 'close') as Promise<[number | null]>
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^ready (http:\/\/\S+)/.exec(line)?.[1]
    if (url !== undefined) {
      child.stdout.resume()
      return { child, url, end: async () => ({ code: (await ended)[0], errors }) }
    }
  }
  assert.fail(`no ready line; ${command} ended with ${(await ended)[0]}\n${errors}`)
}

/** One prediction for a flower of examples/data/iris.json: class 2, which model.yaml names virginica. */
export async function predictIris(url: string): Promise<unknown> {
  const response = await fetch(`${url}/predict/iris`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ features: [6.4, 3.2, 5.3, 2.3] }),
  })
  assert.equal(response.status, 200, await response.clone().text())
  return ((await response.json()) as { readonly prediction: unknown }).prediction
}
