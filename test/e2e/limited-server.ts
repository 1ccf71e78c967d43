/** A server with small limits, and what holds of it after any request. */
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { echoModel, modelFolder } from './models.ts'
import { type Server, startServer } from './server.ts'
import { Wire, type WireAnswer } from './wire.ts'

export const limit = 2 ** 20

const yaml = `
http:
  maxBodyBytes: ${limit}
  headersTimeoutMs: 400
  bodyTimeoutMs: 400
  idleTimeoutMs: 60000
`

export interface LimitedServer {
  readonly server: Server
  /** The first answer to these bytes, on a connection of its own, which is closed. */
  exchange(pieces: readonly (string | Uint8Array)[]): Promise<WireAnswer>
  /** No error tells of the inside of the server, and the next request on a new connection is answered. */
  nothingHappened(answer?: WireAnswer): Promise<void>
}

/** One for all the tests of a file. */
export function limitedServer(): LimitedServer {
  let server: Server
  before(async () => {
    server = await startServer([modelFolder({ 'echo.onnx': echoModel() })], { yaml })
  })
  after(() => server.process.end('SIGKILL'))
  return {
    get server() {
      return server
    },
    async exchange(pieces) {
      const wire = await Wire.open(server.port)
      for (const piece of pieces) await wire.send(piece)
      const answer = await wire.answer()
      wire.destroy()
      return answer
    },
    async nothingHappened(answer) {
      assert.doesNotMatch(answer?.text ?? '', /\/tmp|\/src\/|node_modules|\bat \S+ \(|Error\b/)
      const features = [1.5, -2, 0.25]
      const { status, json } = await server.ask({ path: '/predict/echo', body: { features } })
      assert.deepEqual([status, json?.outputs], [200, { y: features }])
    },
  }
}
