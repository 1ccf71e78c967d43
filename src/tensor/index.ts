export {
  DATATYPES,
  type Datatype,
  type FixedData,
  type FixedDatatype,
  integerRange,
  isDatatype,
  isFloat,
  layoutOf,
} from './datatype.ts'
export { elementOf } from './element.ts'
export { bf16ToNumber, fp16ToNumber, numberToBf16, numberToFp16 } from './float16.ts'
export { parseJson, tensorFromFlat, tensorFromNested } from './json-decode.ts'
export { type JsonSource, wholeNumber } from './json-elements.ts'
export { elementsToJson, elementToJson, tensorToJson } from './json-encode.ts'
export { isQuick, readNumbers, skipBlanks } from './json-numbers.ts'
export { concatRows, sliceRows, splitRows } from './rows.ts'
export { dynamic, elementCount, formatShape, type Shape, shapeFits } from './shape.ts'
export {
  type BytesTensor,
  binaryOf,
  bytesOf,
  dataToFill,
  emptyData,
  type FixedTensor,
  type NamedTensor,
  sizeOf,
  type Tensor,
  tensorFromBytes,
} from './tensor.ts'
export { widened } from './widened.ts'
