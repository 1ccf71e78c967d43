export { byteSize } from './byte-size.ts'
export { alignedLines, titleOf, verdictOf } from './for-list.ts'
export { detailsOf } from './for-people.ts'
export { type Inspection, inspectModels } from './inspect.ts'
