/** Health for people, load balancers and Kubernetes. */
import type { Models } from '../../models.ts'

export function healthOf(models: Models): { readonly status: number; readonly text: string } {
  const list = models.list()
  const ready = models.ready()
  const body = {
    status: ready ? 'ok' : 'unavailable',
    model_loaded: list.some(({ state }) => state === 'ready'),
    models: list.map(({ name, version, state, why }) => ({ name, version, state, why })),
  }
  return { status: ready ? 200 : 503, text: JSON.stringify(body) }
}
