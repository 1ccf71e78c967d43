/** Families as metrics of a prom-client registry, which refuses doubles and writes the page. */
import type { Metric, Registry } from 'prom-client'
import type { Family } from './family.ts'

/** A registry of its own. prom-client is imported here, and not before. */
export async function registryOf(families: readonly Family[]): Promise<Registry> {
  const { Registry } = await import('prom-client')
  const registry = new Registry()
  for (const family of families) registry.registerMetric(derivedMetric(family))
  return registry
}

/**
 * All that a registry asks of a metric is a name and its samples. prom-client's own classes hold
 * values that only they may add to; these are read from where they were counted.
 */
function derivedMetric({ name, help, type, samples }: Family): Metric {
  const get = async () => ({ name, help, type, values: samples(), aggregator: 'sum' })
  return { name, help, get } as unknown as Metric
}
