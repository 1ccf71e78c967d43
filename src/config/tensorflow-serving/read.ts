/** Reads files of TensorFlow Serving, which are protobuf messages as text. */
import type { DescMessage, MessageShape } from '@bufbuild/protobuf'
import { fromText } from '@bufbuild/protobuf/txtpb'
import { ConfigError } from '../problem.ts'

/** `name` is for messages. Fails with a ConfigError. */
export function readMessage<Desc extends DescMessage>(
  schema: Desc,
  text: string,
  name: string,
): MessageShape<Desc> {
  try {
    return fromText(schema, text)
  } catch (thrown) {
    const problem = thrown instanceof Error ? thrown.message : String(thrown)
    const message = `this is no ${schema.name} in protobuf's text format: ${problem}`
    throw new ConfigError([{ where: name, message }])
  }
}
