/** The plain API of Sluice: `POST /predict/{model}`. */
import { tensorToJson } from '../../tensor/index.ts'
import type { HttpForm } from './driver.ts'
import { jsonOf } from './json-body.ts'
import type { Question } from './question.ts'

export function plainForm(model: string | undefined, version: string | undefined): HttpForm {
  const named = model === undefined ? '' : `/${encodeURIComponent(model)}`
  const versioned = version === undefined ? '' : `/versions/${encodeURIComponent(version)}`
  return {
    protocol: 'json',
    path: `predict${named}${versioned}`,
    encode: (question) => ({
      headers: [['content-type', 'application/json']],
      body: Buffer.from(bodyOf(question)),
    }),
    read(bytes) {
      const { model_version: _, latency_ms: __, ...answer } = jsonOf(bytes)
      return answer
    },
    reason: plainReason,
  }
}

function bodyOf({ inputs, body }: Question): string {
  if (body?.form === 'plain') return body.text
  const members = inputs.map(
    ({ name, tensor }) => `${JSON.stringify(name)}:${tensorToJson(tensor)}`,
  )
  return `{"inputs":{${members.join(',')}}}`
}

/** Of a refusal that has a `reason`, a `detail` in words, or a list of them. */
function plainReason(bytes: Uint8Array): string | undefined {
  const { reason, detail } = tryJson(bytes)
  if (typeof reason === 'string') return reason
  if (typeof detail === 'string') return detail.slice(0, 120)
  const first = Array.isArray(detail) ? (detail[0] as { msg?: unknown } | undefined) : undefined
  return typeof first?.msg === 'string' ? first.msg.slice(0, 120) : undefined
}

function tryJson(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return jsonOf(bytes)
  } catch {
    return {}
  }
}
