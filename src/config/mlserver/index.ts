/** What MLServer and its models are configured with. */
export { type ModelSettings, parseModelSettings } from './model-settings.ts'
export { serverSettingsWarnings } from './server-settings.ts'
