/** `settings.json` of MLServer, which lies beside models and configures a whole server. */
import { z } from 'zod'
import { longName, serveFlags } from '../flags.ts'
import { readSettings } from './read.ts'

const schema = z.looseObject({})

/**
 * What is told of a `settings.json` in a repository: none of it is taken over, since ports and
 * addresses are for whoever starts the server. Fails with a ConfigError; `name` is for messages.
 */
export function serverSettingsWarnings(text: string, name: string): readonly string[] {
  const settings = readSettings(schema, text, name)
  const flags = Object.keys(settings).flatMap((key) => {
    const flag = serveFlags.find((one) => one.key === keyOf[key])
    return flag === undefined ? [] : [`${key} (${longName(flag)})`]
  })
  if (flags.length === 0) return []
  return [`${name} is not read, its settings are flags here: ${flags.join(', ')}`]
}

const keyOf: Readonly<Record<string, string>> = {
  host: 'http.host',
  http_port: 'http.port',
  grpc_port: 'grpc.port',
  metrics_port: 'metrics.port',
  server_name: 'server.name',
  debug: 'log.level',
  logging_settings: 'log.level',
  load_models_at_startup: 'modelControlMode',
}
