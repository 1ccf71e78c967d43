export type { CostPoint } from './cost-model.ts'
export type { Executors, JoiningStatus } from './executors.ts'
export type { QueueDefaults } from './rules.ts'
export { type SchedulableVersion, Scheduler, type SchedulerOptions } from './scheduler.ts'
