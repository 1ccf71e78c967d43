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
export { bf16ToNumber, fp16ToNumber, numberToBf16, numberToFp16 } from './float16.ts'
export { parseJson, tensorFromFlat, tensorFromNested } from './json-decode.ts'
export type { JsonSource } from './json-elements.ts'
export { elementsToJson, elementToJson, tensorToJson } from './json-encode.ts'
