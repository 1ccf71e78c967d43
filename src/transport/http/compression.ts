/** Compressed answers, for clients that ask for them and bodies that are worth it. */
import { promisify } from 'node:util'
import { constants, deflate, gzip, zstdCompress } from 'node:zlib'

/** Those that we have, the best first. */
const encodings = ['zstd', 'gzip', 'deflate'] as const
type Encoding = (typeof encodings)[number]

const level = { level: constants.Z_BEST_SPEED }
const zstdLevel = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const [zstded, gzipped, deflated] = [promisify(zstdCompress), promisify(gzip), promisify(deflate)]

const compress: Readonly<Record<Encoding, (bytes: Uint8Array) => Promise<Uint8Array>>> = {
  zstd: (bytes) => zstded(bytes, zstdLevel),
  gzip: (bytes) => gzipped(bytes, level),
  deflate: (bytes) => deflated(bytes, level),
}

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
  return { bytes: await compress[encoding](bytes), encoding }
}

/** The encoding that a client likes best of those we have; undefined for none. RFC 9110, 12.5.3. */
export function preferredEncoding(accepted: string | undefined): Encoding | undefined {
  if (accepted === undefined) return undefined
  let best: Encoding | undefined
  let bestWeight = 0
  const weights = weightsOf(accepted)
  for (const encoding of encodings) {
    // who takes anything may not have heard of the youngest
    const anything = encoding === 'zstd' ? 0 : weights.get('*')
    const weight = weights.get(encoding) ?? anything ?? 0
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
