/** Which server a command is for, and what it shows to be let in. */
import { type Environment, whyUnreadable } from '../config/index.ts'
import { targetOf, WrongUsage } from '../predict/index.ts'
import type { AdminServer } from './models-server.ts'

export interface ServerOptions {
  readonly url?: string
  readonly tokenFile?: string
}

export interface ServerSources {
  readonly env: Environment
  readonly readFile: (path: string) => Promise<string>
}

export const defaultUrl = 'http://127.0.0.1:8000'

/** Fails with WrongUsage for an address or a token that cannot be one. */
export async function serverOf(
  options: ServerOptions,
  sources: ServerSources,
): Promise<AdminServer> {
  const url = options.url ?? sources.env.SLUICE_URL?.trim() ?? ''
  const target = targetOf(url === '' ? defaultUrl : url, undefined)
  if (target.kind !== 'server' || target.route !== 'predict') {
    throw new WrongUsage(`${url} is no address of a server`, `expected one like ${defaultUrl}`)
  }
  return { base: target.base, token: await tokenOf(options, sources) }
}

async function tokenOf(
  { tokenFile }: ServerOptions,
  sources: ServerSources,
): Promise<string | undefined> {
  if (tokenFile === undefined)
    return checkedToken(sources.env.SLUICE_ADMIN_TOKEN, 'SLUICE_ADMIN_TOKEN')
  let content: string
  try {
    content = await sources.readFile(tokenFile)
  } catch (thrown) {
    throw new WrongUsage(`--token-file ${tokenFile}: ${whyUnreadable(thrown)}`)
  }
  if (content.trim() === '') throw new WrongUsage(`--token-file ${tokenFile}: it is empty`)
  return checkedToken(content, `--token-file ${tokenFile}`)
}

function checkedToken(content: string | undefined, origin: string): string | undefined {
  const token = content?.trim()
  if (token === undefined || token === '') return undefined
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new WrongUsage(`${origin}: a token is one word of printable ASCII characters`)
}
