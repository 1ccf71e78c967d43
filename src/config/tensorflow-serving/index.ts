/** What a server of TensorFlow Serving is configured with. */
export { readServingFiles, type ServingFiles, type ServingPaths } from './files.ts'
export type { ListedModel } from './model-list.ts'
