/**
 * Who may do what: every route declares its scope, and one function decides.
 *
 * Bound to the loopback interface, everybody on this machine may do everything; the Host and Origin
 * of a request are checked, so that a page in a browser cannot reach the server through a name that
 * was made to point here (DNS rebinding). Bound elsewhere, `manage` takes the admin token.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { fail, type ServingError } from '../../errors.ts'

/** public: health · infer: predictions · read: metadata, metrics · manage: changes the server */
export const SCOPES = ['public', 'infer', 'read', 'manage'] as const
export type Scope = (typeof SCOPES)[number]

export interface AccessPolicy {
  /** The address that the server is bound to. */
  readonly boundTo: string
  readonly adminToken: string | undefined
  /** Names in Host and Origin headers that are let in beside this machine's own. */
  readonly allowedHosts: readonly string[]
  readonly corsOrigins: readonly string[]
}

export interface AccessRequest {
  readonly scope: Scope
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly authorization: string | undefined
}

/** One policy, for all requests. */
export class Access {
  readonly #policy: AccessPolicy
  readonly #isLocal: boolean
  /** The Host that was let in last: nearly all requests bear the same. */
  #known: string | undefined

  constructor(policy: AccessPolicy) {
    this.#policy = policy
    this.#isLocal = isLoopback(policy.boundTo)
  }

  /** Why the request is refused, or undefined if it may go on. */
  refusal(request: AccessRequest): ServingError | undefined {
    const { scope, host, origin } = request
    if (!this.#isLocal) {
      return scope === 'manage' ? withoutToken(this.#policy, request) : undefined
    }
    if (scope === 'public' || (host === this.#known && origin === undefined)) return undefined
    const refused = foreign(this.#policy, request)
    if (refused === undefined) this.#known = host
    return refused
  }
}

export function isLoopback(address: string): boolean {
  const name = address.toLowerCase().replace(/^::ffff:/, '')
  return name === 'localhost' || name === '::1' || /^127\.\d+\.\d+\.\d+$/.test(name)
}

function foreign(policy: AccessPolicy, { host, origin }: AccessRequest): ServingError | undefined {
  if (host !== undefined && !isKnown(policy, hostName(host))) {
    return fail('HOST_REFUSED', { header: 'Host', got: host.slice(0, 100) })
  }
  if (origin === undefined || policy.corsOrigins.includes(origin)) return undefined
  const name = URL.canParse(origin) ? new URL(origin).hostname.replace(/^\[|\]$/g, '') : undefined
  // unlike a Host, an Origin may be any machine's address: only this machine's own will do
  if (name !== undefined && (isOurs(name) || isListed(policy, name))) return undefined
  return fail('HOST_REFUSED', { header: 'Origin', got: origin.slice(0, 100) })
}

function withoutToken(
  { adminToken }: AccessPolicy,
  { authorization }: AccessRequest,
): ServingError | undefined {
  if (adminToken === undefined) return fail('TOKEN_UNSET')
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  if (given === undefined) return fail('TOKEN_MISSING')
  return timingSafeEqual(digest(given), digest(adminToken)) ? undefined : fail('TOKEN_WRONG')
}

/** A name that cannot be made to point here by somebody else: an address, localhost, or a listed one. */
function isKnown(policy: AccessPolicy, name: string): boolean {
  return isIP(name) !== 0 || isOurs(name) || isListed(policy, name)
}

const isOurs = (name: string): boolean =>
  isLoopback(name) || name.toLowerCase().endsWith('.localhost')

const isListed = ({ allowedHosts }: AccessPolicy, name: string): boolean =>
  allowedHosts.some((allowed) => allowed.toLowerCase() === name.toLowerCase())

const hostName = (host: string): string => host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
