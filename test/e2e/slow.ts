/** Requests to the slow model, which take as long as a test wants. */
import type { Answer, Question } from './ask.ts'
import { type Server, until } from './server.ts'

/** Hours: a run that ends only by being stopped. */
export const endless = 4_000_000_000

/** `x` after so many turns. */
export const slow = (turns: number, x: number): Question => ({
  path: '/predict/slow',
  body: slowBody(turns, x),
})

/** The same as bytes for a connection that is kept. */
export function rawSlow(turns: number, x: number): string {
  const text = JSON.stringify(slowBody(turns, x))
  return `POST /predict/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${text.length}\r\n\r\n${text}`
}

/** How many turns take about so long here; an even number. */
export async function turnsFor(server: Server, ms: number): Promise<number> {
  await server.ask(slow(2, 1))
  const tried = 100_000
  const began = performance.now()
  await server.ask(slow(tried, 1))
  return 2 * Math.ceil(((ms / (performance.now() - began)) * tried) / 2)
}

/** Requests that wait for a run of the slow model. */
export const waiting = (server: Server): Promise<number> =>
  server.metric('nv_inference_pending_request_count', 'slow')

/**
 * Fills a server of one executor: one request runs, one is handed over ahead, one waits. Their
 * answers; undefined where the connection was cut.
 */
export async function occupy(
  server: Server,
  turns: number,
  signal?: AbortSignal,
): Promise<readonly Promise<Answer | undefined>[]> {
  const ask = (x: number) => server.ask({ ...slow(turns, x), ...(signal && { signal }) })
  const asked = [1, 2, 3].map((x) => ask(x).catch(() => undefined))
  await until(async () => (await waiting(server)) === 1, 'two are handed over and one waits')
  return asked
}

const slowBody = (turns: number, x: number) => ({ inputs: { n: [turns], x: [x] } })
