/** Compressed answers, for clients that ask for them and bodies that are worth it. */
import { promisify } from 'node:util'
import { constants, deflate, gzip } from 'node:zlib'

const compress = { gzip: promisify(gzip), deflate: promisify(deflate) } as const
type Encoding = keyof typeof compress

/** Below this many bytes, compressing costs more than it saves. */
export const worthwhile = 8192

export interface Encoded {
  readonly bytes: Uint8Array
  readonly encoding: Encoding | undefined
}

export async function encodeBody(
  bytes: Uint8Array,
  accepted: string | undefined,
): Promise<Encoded> {
  const encoding = bytes.byteLength < worthwhile ? undefined : preferredEncoding(accepted)
  if (encoding === undefined) return { bytes, encoding }
  return { bytes: await compress[encoding](bytes, { level: constants.Z_BEST_SPEED }), encoding }
}

/** The encoding that a client likes best of those we have; undefined for none. RFC 9110, 12.5.3. */
export function preferredEncoding(accepted: string | undefined): Encoding | undefined {
  if (accepted === undefined) return undefined
  let best: Encoding | undefined
  let bestWeight = 0
  const weights = weightsOf(accepted)
  for (const encoding of ['gzip', 'deflate'] as const) {
    const weight = weights.get(encoding) ?? weights.get('*') ?? 0
    if (weight <= bestWeight) continue
    best = encoding
    bestWeight = weight
  }
  return (weights.get('identity') ?? 0) > bestWeight ? undefined : best
}

function weightsOf(accepted: string): ReadonlyMap<string, number> {
  return new Map(
    accepted.split(',').map((item) => {
      const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
      const weight = parameters.find((parameter) => parameter.startsWith('q='))
      const value = weight === undefined ? 1 : Number(weight.slice(2))
      return [name, Number.isNaN(value) ? 0 : value]
    }),
  )
}
