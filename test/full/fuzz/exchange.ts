/** Asks a protocol without sockets, and holds what comes back against what any answer must be. */
import assert from 'node:assert/strict'
import type { ServingError } from '../../../src/errors.ts'
import { type Answered, type Asked, ask } from '../../../src/protocols/testing.ts'
import type { HttpProtocol } from '../../../src/transport/http/index.ts'

export interface Told extends Answered {
  readonly error: ServingError | undefined
}

/** Fails for an error that the server would have to answer for. */
export async function askOf(protocol: HttpProtocol, asked: Asked): Promise<Told> {
  let error: ServingError | undefined
  const watched: HttpProtocol = {
    ...protocol,
    fail: (exchange, told) => {
      error = told
      return protocol.fail(exchange, told)
    },
  }
  const answered = await ask(watched, asked)
  if (error === undefined) assert.equal(answered.status, 200)
  else {
    if (error.code === 'internal') throw error.cause ?? error
    assert.match(`${answered.status}`, /^(4\d\d|501)$/)
    assert.ok(answered.bytes.byteLength < 20_000, `an error of ${answered.bytes.byteLength} bytes`)
  }
  return { ...answered, error }
}
