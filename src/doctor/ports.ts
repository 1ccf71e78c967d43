/** Whether the ports that Sluice binds by default are free. */
import { createServer } from 'node:net'
import type { Check } from './check.ts'

/** `problem` is the code of the error with which binding failed: `EADDRINUSE`. */
export function checkPort(port: number, flag: string, problem: string | undefined): Check {
  const name = `port ${port}`
  if (problem === undefined) return { name, status: 'ok', fact: 'free' }
  const fact =
    problem === 'EADDRINUSE' ? 'something listens there' : `it cannot be bound (${problem})`
  return {
    name,
    status: 'warn',
    fact,
    mend: `stop what listens there, or choose another port with ${flag}`,
  }
}

/** Binds a port and lets it go: the code of the error, or undefined where it is free. */
export function tryPort(port: number, host: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const server = createServer()
  server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
  server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)))
  return promise
}
