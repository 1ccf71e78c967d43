/**
 * One line for each request that was answered. Values of headers, bodies and query strings are
 * never written: that is where secrets travel.
 */
import type { ServingError } from '../errors.ts'
import type { Log } from '../log.ts'
import { cut } from './fields.ts'

export interface Access {
  readonly method: string
  /** The pattern that matched, such as `/predict/:model`. */
  readonly route?: string | undefined
  /** As it came. */
  readonly url: string
  readonly status: number
  readonly requestId: string
  readonly durationMs: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly model?: string | undefined
  readonly version?: string | undefined
  readonly error?: ServingError | undefined
}

/** An error of our own making is logged as an error, with its causes; anything else as `info`. */
export function accessLog(log: Log): (access: Access) => void {
  return (access) => {
    const { error } = access
    const fields = {
      method: access.method,
      route: access.route,
      url: withoutQuery(access.url),
      status: access.status,
      ms: Math.round(access.durationMs * 1000) / 1000,
      in: access.bytesIn,
      out: access.bytesOut,
      model: access.model,
      version: access.version,
      reason: error?.reason,
      id: cut(access.requestId, maxId),
    }
    if (error?.code === 'internal') log.error('request', { ...fields, error })
    else log.info('request', fields)
  }
}

function withoutQuery(url: string): string {
  const query = url.indexOf('?')
  return cut(query === -1 ? url : `${url.slice(0, query)}?…`, maxUrl)
}

const maxUrl = 200
const maxId = 128
