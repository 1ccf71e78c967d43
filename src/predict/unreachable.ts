/** Why a server gave no answer at all. */
import type { Problem } from './asked-model.ts'

/** One line for each way in which a server cannot be reached. `thrown` as `fetch` throws it. */
export function unreachable(base: string, thrown: unknown): Problem {
  const { cause } = thrown as { cause?: { code?: string; message?: string } }
  const server = base.replace(/\/$/, '')
  const { host, hostname } = new URL(base)
  switch (cause?.code) {
    case 'ECONNREFUSED':
      return {
        message: `no server answers at ${server}: the connection is refused`,
        hint: 'start one with sluice serve, or look at the port in its ready line',
      }
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return { message: `no machine is named "${hostname}"`, hint: 'check the address' }
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return { message: `the server at ${server} ended the connection before it answered` }
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'UND_ERR_HEADERS_TIMEOUT':
      return { message: `the server at ${server} does not answer in time` }
    default: {
      // EPROTO where what came could not even be read as TLS
      if (cause?.code === 'EPROTO' || cause?.code?.startsWith('ERR_SSL')) {
        return { message: `the server at ${host} does not speak TLS`, hint: `try http://${host}` }
      }
      const why = cause?.message || cause?.code || (thrown as Error).message
      return { message: `${host} cannot be asked: ${why}` }
    }
  }
}
