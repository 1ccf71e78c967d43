export { Executors, type ExecutorsOptions } from './executors.ts'
export { Slots } from './slots.ts'
