/**
 * What the reader of protobuf has against a configuration, in words a person can act on. The reader
 * tells names of messages and fields only within its sentences.
 */
import type { DescEnum, DescMessage } from '@bufbuild/protobuf'
import type { Problem } from '../problem.ts'
import { nearest } from '../suggest.ts'
import { file_model_config } from './generated/model_config_pb.ts'

export function explainProtobuf(thrown: unknown): Pick<Problem, 'message' | 'hint'> {
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const field = groupsOf(UNKNOWN_FIELD, text)
  if (field !== undefined) {
    const known = messageNamed(field.of!)?.fields.map(({ name }) => name) ?? []
    return unknown('field ', field, hintFrom(known, 'fields', nearestField(field.word!, known)))
  }
  const value = groupsOf(UNKNOWN_VALUE, text)
  if (value !== undefined) {
    const known = enumNamed(value.of!)?.values.map(({ name }) => name) ?? []
    return unknown('', value, hintFrom(known, 'values', nearestValue(value.word!, known)))
  }
  const noObject = groupsOf(NO_OBJECT, text)
  if (noObject !== undefined) return { message: expectedObject(noObject) }
  return { message: text.replace(PREFIX, '$1: ').replace(KINDS, '').replaceAll(PACKAGE, '') }
}

/** Whether the reader came to the end and wanted more. */
export const endsTooSoon = (message: string): boolean => /\bend of input\b/.test(message)

const UNKNOWN_FIELD = [
  /^unknown field "(?<word>.+)" for message (?<of>[\w.]+)$/,
  /^cannot decode message (?<of>[\w.]+) from JSON: key "(?<word>.+)" is unknown$/,
]
const UNKNOWN_VALUE = [
  /^unknown enum value "(?<word>.+)" for enum (?<of>[\w.]+)$/,
  /^cannot decode enum (?<of>[\w.]+) from JSON: "(?<word>.+)"$/,
]
/** The reader says no more of it than what came. */
const NO_OBJECT = [
  /^cannot decode message (?<of>[\w.]+) from JSON: (?<got>Array\(\d+\)|null|true|false|-?\d\S*|".*")$/,
]
const PREFIX = /^cannot decode (?:message |field |enum )?([\w.]+) from (?:JSON|text format): /
const KINDS = /\b(?:message|enum|field) (?=inference\.)/g
const PACKAGE = 'inference.'

type Groups = Readonly<Record<string, string>>

const groupsOf = (patterns: readonly RegExp[], text: string): Groups | undefined =>
  patterns.map((pattern) => pattern.exec(text)?.groups).find((groups) => groups !== undefined)

const unknown = (kind: string, { word, of }: Groups, hint: { readonly hint?: string }) => ({
  message: `there is no ${kind}"${word}" in ${of!.replace(PACKAGE, '')}`,
  ...hint,
})

const expectedObject = ({ of, got }: Groups): string =>
  `${of!.replace(PACKAGE, '')}: expected an object, got ${got!.startsWith('Array') ? 'an array' : got}`

function hintFrom(known: readonly string[], kind: string, near: string | undefined) {
  if (near !== undefined) return { hint: `did you mean "${near}"?` }
  return known.length === 0 ? {} : { hint: `${kind}: ${known.join(', ')}` }
}

/** `max_batch` is the beginning of `max_batch_size`. */
const nearestField = (word: string, known: readonly string[]): string | undefined =>
  nearest(word, known) ?? known.find((name) => word.length > 2 && name.startsWith(word))

/** FP32 is TYPE_FP32; what the protocol calls BYTES is TYPE_STRING here. */
function nearestValue(word: string, known: readonly string[]): string | undefined {
  if (/^(TYPE_)?BYTES$/i.test(word)) return known.find((name) => name === 'TYPE_STRING')
  const ending = `_${word.toUpperCase()}`
  return known.find((name) => name.endsWith(ending)) ?? nearest(word, known)
}

const messageNamed = (name: string): DescMessage | undefined =>
  everyMessage(file_model_config.messages).find(({ typeName }) => typeName === name)

const enumNamed = (name: string): DescEnum | undefined =>
  [
    ...file_model_config.enums,
    ...everyMessage(file_model_config.messages).flatMap(({ nestedEnums }) => nestedEnums),
  ].find(({ typeName }) => typeName === name)

const everyMessage = (messages: readonly DescMessage[]): readonly DescMessage[] =>
  messages.flatMap((message) => [message, ...everyMessage(message.nestedMessages)])
