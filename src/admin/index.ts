export { type AdminOptions, adminProtocol } from './routes.ts'
