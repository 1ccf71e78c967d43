/** What outlives the process: a folder that one server owns, and what is learned in it. */
export { defaultStateFolder } from './default-folder.ts'
export { Learned, type LearnedFacts } from './learned.ts'
export { StateFolder } from './state-folder.ts'
