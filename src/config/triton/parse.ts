/** Reads model configurations of Triton from text and from JSON. */
import { isDeepStrictEqual } from 'node:util'
import { fromJson, fromJsonString, type JsonValue } from '@bufbuild/protobuf'
import { fromText } from '@bufbuild/protobuf/txtpb'
import { ConfigError } from '../problem.ts'
import { explainProtobuf } from './explain-protobuf.ts'
import { ModelConfigSchema } from './generated/model_config_pb.ts'
import { lineOfError } from './line-of-error.ts'
import type { TritonConfig } from './triton-config.ts'
import { withEnumNames } from './with-enum-names.ts'

/** A `config.pbtxt`; `where` names it in messages. Fails with a ConfigError. */
export function parseTritonConfig(text: string, where: string): TritonConfig {
  const read = (part: string) => fromText(ModelConfigSchema, part)
  const plain = text.replace(/^\uFEFF/, '')
  try {
    return read(plain)
  } catch (thrown) {
    const line = lineOfError(plain, read)
    throw new ConfigError([{ where: `${where}:${line}`, ...explainProtobuf(thrown) }])
  }
}

/**
 * The same in JSON, as it is sent to be loaded: names as in the text or in camel case, numbers also
 * as strings, names of enums in any case. Fails with a ConfigError.
 */
export function parseTritonConfigJson(text: string, where: string): TritonConfig {
  try {
    return fromJsonString(ModelConfigSchema, text)
  } catch (thrown) {
    const again = secondReading(text)
    if (again !== undefined) return again
    throw new ConfigError([{ where, ...explainProtobuf(thrown) }])
  }
}

/** With names of enums as they are written; undefined where that is not all that is wrong. */
function secondReading(text: string): TritonConfig | undefined {
  try {
    const value = JSON.parse(text) as JsonValue
    const named = withEnumNames(ModelConfigSchema, value)
    return isDeepStrictEqual(named, value) ? undefined : fromJson(ModelConfigSchema, named)
  } catch {
    return undefined
  }
}
