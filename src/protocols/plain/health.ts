/** Health for people, load balancers and Kubernetes. */
import type { ModelStatus, Models } from '../../models.ts'

export function healthOf(models: Models): { readonly status: number; readonly text: string } {
  const list = models.list()
  const ready = models.ready()
  const body = {
    status: ready ? 'ok' : 'unavailable',
    model_loaded: list.some(({ state }) => state === 'ready'),
    models: list.map(modelHealth),
  }
  return { status: ready ? 200 : 503, text: JSON.stringify(body) }
}

const modelHealth = ({ name, version, state, why, asleep, served }: ModelStatus) => ({
  name,
  ...(version !== '' && { version }),
  state,
  why,
  ...(asleep && { loaded_when_asked: true }),
  ...(served !== undefined && { digest: `sha256:${served.digest}` }),
})
