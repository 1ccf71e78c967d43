/**
 * What the agent `checksum` is told to look for.
 * Source: triton-inference-server/checksum_repository_agent.
 */
import { fail } from '../../errors.ts'
import { staysInside } from './stays-inside.ts'
import type { TritonConfig } from './triton-config.ts'

export const CHECKSUM_AGENT = 'checksum'

/**
 * The MD5 in hex that files must have, by their path from the model's folder.
 * Fails with MODEL_UNSUPPORTED for another digest, and for a path that leaves the folder.
 */
export function checksumsOf({ modelRepositoryAgents }: TritonConfig): ReadonlyMap<string, string> {
  const agents = modelRepositoryAgents?.agents.filter(({ name }) => name === CHECKSUM_AGENT) ?? []
  return new Map(
    agents.flatMap(({ parameters }) =>
      Object.entries(parameters).map(([key, md5]) => [pathOf(key), md5.toLowerCase()] as const),
    ),
  )
}

function pathOf(key: string): string {
  const [, algorithm, path] = /^(.*?):(.*)$/s.exec(key) ?? []
  if (algorithm === undefined || path === undefined) throw unusable(`failed to parse key: ${key}`)
  if (algorithm.toLowerCase() !== 'md5') {
    throw unusable(`Unsupported checksum algorithm: ${algorithm}`)
  }
  if (!staysInside(path)) throw unusable(`checksum of "${path}", which leaves the model's folder`)
  return path
}

const unusable = (problem: string) => fail('MODEL_UNSUPPORTED', { problem })
