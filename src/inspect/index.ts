export { byteSize } from './byte-size.ts'
export { alignedTitles, detailsOf, titleOf, verdictOf } from './for-people.ts'
export { type Inspection, inspectModels, type RuntimeSupport } from './inspect.ts'
