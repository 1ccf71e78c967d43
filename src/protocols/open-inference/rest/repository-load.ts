/**
 * The body of a load: a configuration in place of the model's own, and files in place of its files.
 * Source: Triton's docs/protocol/extension_model_repository.md, "Load".
 */
import { fail } from '../../../errors.ts'
import type { LoadOptions } from '../../../model-control.ts'
import { cutLongStrings, decodeNamedJsonBody, textOf } from '../../json/index.ts'
import { decodeBase64 } from './base64.ts'
import { asObject, malformed, parametersOf } from './repository-body.ts'

/** Fails with LOAD_FAILED for files without a configuration. Keeps nothing of the bytes. */
export async function decodeLoad(model: string, bytes: Uint8Array): Promise<LoadOptions> {
  if (bytes.byteLength === 0) return {}
  const { rest, strings } = cutLongStrings(bytes)
  if (rest.byteLength > mostRest) {
    throw malformed(`the body is larger than ${mostRest} bytes without its files`)
  }
  const parameters = decodeNamedJsonBody(rest, (body) => parametersOf(asObject(body)))
  let config: string | undefined
  const files = new Map<string, Uint8Array>()
  for (const [key, value] of Object.entries(parameters)) {
    const place = `parameters["${key.slice(0, 100)}"]`
    if (typeof value !== 'string') throw wrong(place, 'a string', typeof value)
    const cut = strings.get(value)
    if (key === 'config') {
      config = cut === undefined ? value : unescaped(cut)
    } else if (key.startsWith('file:')) {
      const content = await decodeBase64(cut ?? Buffer.from(JSON.stringify(value).slice(1, -1)))
      if (content === undefined) throw wrong(place, 'a file in base64', 'something else')
      files.set(key.slice('file:'.length), content)
    } else throw wrong(place, '"config" or "file:" and a path', 'another name')
  }
  if (config === undefined && files.size > 0) {
    throw fail('LOAD_FAILED', { model, why: 'files are given without a "config" parameter' })
  }
  return { ...(config !== undefined && { config }), ...(files.size > 0 && { files }) }
}

function unescaped(cut: Buffer): string {
  try {
    return JSON.parse(`"${textOf(cut)}"`) as string
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown
    throw malformed('the body is not JSON: a string is damaged')
  }
}

const wrong = (parameter: string, expected: string, got: string) =>
  fail('PARAMETER_INVALID', { parameter, expected, got })

/** Parsing more would keep the event loop. */
const mostRest = 2 ** 20
