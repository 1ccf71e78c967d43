/** One request over HTTP, on connections that are kept. */
import { type Agent, type IncomingHttpHeaders, request } from 'node:http'

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Rejects where no whole answer comes, or none within ten seconds. */
export function ask(
  url: URL | string,
  agent: Agent,
  body: Buffer | string,
  headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' },
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': Buffer.byteLength(body) }
    const options = { method: 'POST', agent, headers: { ...headers, ...length } }
    const sent = request(url, { ...options, timeout: patienceMs }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0, headers: got } = response
        resolve({ status: statusCode, headers: got, body: Buffer.concat(chunks) })
      })
    })
    sent.on('error', reject)
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${patienceMs} ms`)))
    sent.end(body)
  })
}

/** As `ask`, of what must succeed. */
export async function demand(...asked: Parameters<typeof ask>): Promise<Buffer> {
  const { status, body } = await ask(...asked)
  if (status !== 200) throw new Error(`${asked[0]}: status ${status}: ${body}`)
  return body
}

const patienceMs = 10_000
