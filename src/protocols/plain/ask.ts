/** A question of the plain API, whatever brought it: the bytes of its body, and the answer's text. */
import type { Call } from '../../call.ts'
import { fail } from '../../errors.ts'
import type { ServedModel } from '../../models.ts'
import { decodeNamedJsonBody, textOf } from '../json/index.ts'
import { decodeCsv } from './csv.ts'
import { decodeJson, type PlainRequest } from './decode.ts'
import { encodeAnswer } from './encode.ts'
import { locate } from './errors.ts'
import { quickFeatures } from './quick-features.ts'

/** Keeps nothing of the bytes. */
export function decodeBody(
  contentType: string | undefined,
  { name, signature }: Pick<ServedModel, 'name' | 'signature'>,
  bytes: Uint8Array,
): PlainRequest {
  if (contentType !== 'application/json') {
    const type = (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase()
    if (type === 'text/csv') return decodeCsv(name, signature, textOf(bytes))
    requireJson(type)
  }
  const quick = quickFeatures(signature, bytes)
  if (quick !== undefined) return quick
  return decodeNamedJsonBody(bytes, (body) => decodeJson(name, signature, body))
}

function requireJson(type: string): void {
  // curl says form data unless told otherwise, and a form is never what is meant
  if (['', 'application/json', 'text/json', 'text/plain', curlsDefault].includes(type)) return
  throw fail('MEDIA_TYPE_UNSUPPORTED', {
    what: 'content-type',
    got: type.slice(0, 60),
    expected: 'application/json or text/csv',
  })
}

export interface PlainAnswer {
  readonly text: string
  /** The one that answered. */
  readonly version: string
}

/** `elapsedMs` is asked when the answer is there. Errors tell their place in the body. */
export async function askPlain(
  { signature, predictor }: ServedModel,
  { request, oneRow, pathOf }: PlainRequest,
  call: Call,
  elapsedMs: () => number,
): Promise<PlainAnswer> {
  try {
    const response = await predictor.predict(request, call)
    const text = encodeAnswer({ signature, response, oneRow, latencyMs: elapsedMs() })
    return { text, version: response.version }
  } catch (thrown) {
    throw locate(thrown, pathOf, oneRow)
  }
}

const curlsDefault = 'application/x-www-form-urlencoded'
