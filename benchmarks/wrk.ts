/** The load of tiny requests comes from `wrk`: a driver in JavaScript would be the bottleneck. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Sample } from './question.ts'
import type { Requests } from './requests.ts'

export class Wrk {
  readonly #folder = mkdtempSync(join(tmpdir(), 'wrk-bodies-'))
  readonly #requests: Requests
  readonly #program: readonly [string, ...string[]]

  /** `cores` are those that it may use itself. */
  constructor(requests: Requests, cores?: string) {
    this.#requests = requests
    this.#program = cores === undefined ? ['wrk'] : ['taskset', '-c', cores, 'wrk']
    for (const [i, body] of requests.bodies.entries()) {
      writeFileSync(join(this.#folder, `body${i}`), body)
    }
  }

  /** `seconds` is rounded up to whole ones. Fails when any answer was not a success. */
  async run(url: string, connections: number, seconds: number): Promise<Sample> {
    const { path, headers, bodies } = this.#requests
    const script = join(import.meta.dirname, 'wrk.lua')
    const [program, ...before] = this.#program
    const { stdout } = await promisify(execFile)(program, [
      ...before,
      ...['-t', '1', '-c', String(connections), '-d', `${Math.ceil(seconds)}s`, '-s', script],
      ...[url, '--', path, this.#folder, String(bodies.length), ...Object.entries(headers).flat()],
    ])
    const line = stdout.split('\n').find((text) => text.startsWith('{'))
    if (line === undefined) throw new Error(`wrk printed no result: ${stdout}`)
    const { errors, ...sample } = JSON.parse(line) as Sample & { errors: number }
    if (errors > 0) throw new Error(`${errors} of ${sample.requests} requests to ${url} failed`)
    return sample
  }

  close(): void {
    rmSync(this.#folder, { recursive: true })
  }
}
