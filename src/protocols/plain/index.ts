export { askPlain, decodeBody } from './ask.ts'
export { curlExample, type Example, exampleBody } from './example.ts'
export { metricsProtocol, type PlainOptions, plainProtocol } from './routes.ts'
