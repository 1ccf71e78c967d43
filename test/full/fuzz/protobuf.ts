/** Damaging a protobuf message inside its frame: fields change, and the lengths around them follow. */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Random } from './random.ts'

interface Field {
  readonly no: number
  readonly type: WireType
  /** Without the length before it. */
  readonly payload: Uint8Array
}

/** One field of the message, at any depth, is changed, taken out, doubled or moved. */
export function mutateMessage(bytes: Uint8Array, random: Random): Uint8Array {
  const fields = fieldsOf(bytes)
  if (fields === undefined || fields.length === 0) return mutatePayload(bytes, random)
  const at = random.below(fields.length)
  const field = fields[at]!
  const holds = field.type === WireType.LengthDelimited && field.payload.byteLength > 0
  const changed: Field[] = [...fields]
  if (holds && random.chance(0.75)) {
    changed[at] = { ...field, payload: mutateMessage(field.payload, random) }
  } else if (field.type === WireType.Varint && random.chance(0.8)) {
    changed[at] = { ...field, payload: new BinaryWriter().int64(random.of(numbers)).finish() }
  } else {
    const other = fields[random.below(fields.length)]!
    const ways: (() => void)[] = [
      () => changed.splice(at, 1),
      () => changed.splice(random.below(fields.length), 0, field),
      () => changed.splice(at, 1, { ...other, no: field.no }),
      () => changed.splice(at, 1, { ...field, no: 1 + random.below(25) }),
      () => changed.push(...Array.from({ length: random.below(50) }, () => field)),
    ]
    random.of(ways)()
  }
  return write(changed)
}

/** Undefined for what is no message. */
function fieldsOf(bytes: Uint8Array): readonly Field[] | undefined {
  try {
    const fields: Field[] = []
    const reader = new BinaryReader(bytes)
    while (reader.pos < reader.len) {
      const [no, type] = reader.tag()
      if (type === WireType.LengthDelimited) fields.push({ no, type, payload: reader.bytes() })
      else fields.push({ no, type, payload: reader.skip(type, no) })
    }
    return fields
  } catch {
    return undefined
  }
}

function write(fields: readonly Field[]): Uint8Array {
  const writer = new BinaryWriter()
  for (const { no, type, payload } of fields) {
    writer.tag(no, type)
    if (type === WireType.LengthDelimited) writer.bytes(payload)
    else writer.raw(payload)
  }
  return writer.finish()
}

function mutatePayload(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.chance(0.3)) return Buffer.from(random.of(texts))
  const changed = Uint8Array.from(bytes)
  if (changed.length > 0) changed[random.below(changed.length)] = random.below(256)
  return random.chance(0.3) ? changed.subarray(0, random.below(changed.length + 1)) : changed
}

const numbers = [
  ...[
    '0',
    '1',
    '2',
    '3',
    '7',
    '8',
    '10',
    '16',
    '20',
    '22',
    '23',
    '-1',
    '100',
    '2147483647',
    '2147483648',
  ],
  ...['9007199254740993', '9223372036854775807', '-9223372036854775808'],
]

const texts = [
  ...['', 'x', 'y', 'ZipMap', 'Softmax', 'Constant', 'ArrayFeatureExtractor', 'LinearClassifier'],
  ...['ai.onnx.ml', 'ai.onnx', 'com.example', '__proto__', 'constructor', 'location', 'offset'],
  ...['../w.bin', '/etc/hostname', 'w.bin', 'w\0.bin', '.', '99999999999999999999', 'é', '\ufffd'],
  ...['scores', 'probabilities', 'classlabels_strings', 'classlabels_int64s'],
]
