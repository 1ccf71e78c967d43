/** What TARGET names: a model on disk, or a server, perhaps with the model and its version. */
import { targetOf, WrongUsage } from '../../predict/index.ts'

export type Address =
  | { readonly kind: 'disk'; readonly path: string; readonly model: string | undefined }
  | {
      readonly kind: 'server'
      /** Of the server, with a slash at its end. */
      readonly base: string
      readonly model: string | undefined
      readonly version: string | undefined
    }

/**
 * `http://host:8000`, and the addresses at which one asks: `…/predict/iris/versions/3`,
 * `…/v2/models/iris/infer`. Fails with WrongUsage for one that cannot be asked, or that says something
 * else than `model` and `version`.
 */
export function addressOf(
  text: string,
  model: string | undefined,
  version: string | undefined,
): Address {
  const target = targetOf(text, undefined)
  if (target.kind === 'disk') {
    if (version === undefined) return { ...target, model }
    throw new WrongUsage(
      '--model-version is for servers: of a model on disk the newest version is asked',
      "give the version's own file to ask another",
    )
  }
  const url = new URL(`${target.base}${target.route === 'predict' ? '' : target.route}`)
  const [, before = '', named, versioned] =
    /^(.*?)(?:\/(?:v1\/)?predict|\/v2\/models)\/([^/]+)(?:\/versions\/([^/]+))?(?:\/infer)?\/?$/.exec(
      url.pathname,
    ) ?? [undefined, url.pathname.replace(/\/v2\/?$/, '').replace(/\/+$/, '')]
  return {
    kind: 'server',
    base: `${url.origin}${before}/`,
    model: agreed('--model', model, named),
    version: agreed('--model-version', version, versioned),
  }
}

function agreed(
  flag: string,
  said: string | undefined,
  inAddress: string | undefined,
): string | undefined {
  if (inAddress === undefined) return said
  const name = decodeURIComponent(inAddress)
  if (said === undefined || said === name) return name
  throw new WrongUsage(`the address says ${name}, and ${flag} ${said}`, 'leave one of them out')
}
