/** The Open Inference Protocol over REST with Triton's binary extension: raw bytes both ways. */
import { binaryOf } from '../../tensor/index.ts'
import type { HttpForm } from './driver.ts'
import { oipPath, oipReason, readOipAnswer } from './oip-answer.ts'
import type { Question } from './question.ts'

export function oipBinaryForm(model: string, version: string | undefined): HttpForm {
  return {
    protocol: 'oip-binary',
    path: `${oipPath(model, version)}/infer`,
    encode: encodeBinary,
    read: readOipAnswer,
    reason: oipReason,
  }
}

function encodeBinary({ inputs }: Question): ReturnType<HttpForm['encode']> {
  const raw = inputs.map(({ tensor }) => binaryOf(tensor))
  const head = Buffer.from(
    JSON.stringify({
      inputs: inputs.map(({ name, tensor: { datatype, shape } }, at) => ({
        name,
        datatype,
        shape,
        parameters: { binary_data_size: raw[at]!.byteLength },
      })),
      parameters: { binary_data_output: true },
    }),
  )
  return {
    headers: [
      ['content-type', 'application/octet-stream'],
      ['inference-header-content-length', `${head.byteLength}`],
    ],
    body: Buffer.concat([head, ...raw]),
  }
}
