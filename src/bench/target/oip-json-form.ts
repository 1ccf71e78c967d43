/** The Open Inference Protocol over REST, all in JSON. */
import { elementsToJson } from '../../tensor/index.ts'
import type { HttpForm } from './driver.ts'
import { oipPath, oipReason, readOipAnswer } from './oip-answer.ts'
import type { Question } from './question.ts'

export function oipJsonForm(model: string, version: string | undefined): HttpForm {
  return {
    protocol: 'oip-json',
    path: `${oipPath(model, version)}/infer`,
    encode: (question) => ({
      headers: [['content-type', 'application/json']],
      body: Buffer.from(bodyOf(question)),
    }),
    read: readOipAnswer,
    reason: oipReason,
  }
}

function bodyOf({ inputs, body }: Question): string {
  if (body?.form === 'oip') return body.text
  const described = inputs.map(
    ({ name, tensor }) =>
      `{"name":${JSON.stringify(name)},"datatype":"${tensor.datatype}","shape":[${tensor.shape}],"data":[${elementsToJson(tensor)}]}`,
  )
  return `{"inputs":[${described.join(',')}]}`
}
