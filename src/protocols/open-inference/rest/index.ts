export { type OpenInferenceOptions, openInferenceRest } from './routes.ts'
