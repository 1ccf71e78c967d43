/** Who is asked: a model on disk, or a running server by its address. */
import { WrongUsage } from './asked-model.ts'

export type Target =
  | { readonly kind: 'disk'; readonly path: string }
  | {
      readonly kind: 'server'
      /** Of the server, with a slash at its end. */
      readonly base: string
      /** The path below it that is asked: `predict/iris`. */
      readonly route: string
    }

/** Fails with WrongUsage for an address that cannot be asked. */
export function targetOf(text: string, model: string | undefined): Target {
  if (/^[\w.-]+:\d{1,5}(?:\/|$)/.test(text)) {
    throw new WrongUsage(`${text} is no path and no whole address`, `for a server: http://${text}`)
  }
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { kind: 'disk', path: text }
  const url = parse(text)
  const [before, named] = splitRoute(url.pathname)
  if (named !== undefined && model !== undefined) {
    throw new WrongUsage(
      `the address names a model, and --model ${model} another`,
      'leave one of them out',
    )
  }
  const base = `${url.origin}${before}`
  const route = named ?? (model === undefined ? 'predict' : `predict/${encodeURIComponent(model)}`)
  return { kind: 'server', base, route }
}

/** What comes before `/predict`, and what is asked there where it names a model. */
function splitRoute(path: string): readonly [base: string, named: string | undefined] {
  const place = /\/(?:v1\/)?predict(?:\/|$)/.exec(path)?.index
  if (place === undefined) return [path.replace(/\/*$/, '/'), undefined]
  const route = path.slice(place + 1).replace(/\/+$/, '')
  return [path.slice(0, place + 1), /predict\/./.test(route) ? route : undefined]
}

function parse(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new WrongUsage(
      `${text} is no address of a server`,
      'expected one like http://127.0.0.1:8000',
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new WrongUsage('an address with a user name or password cannot be asked')
  }
  return url
}
