export { curlExample, exampleBody } from './example.ts'
export { metricsProtocol, type PlainOptions, plainProtocol } from './routes.ts'
