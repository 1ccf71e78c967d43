import type { ServerConfig, ServingFiles } from './config/index.ts'
import type { Log } from './log.ts'

/** What a server is told, and may be told anew. */
export interface ServerSettings {
  readonly config: ServerConfig
  /** What files of TensorFlow Serving say beside it. */
  readonly servingFiles: ServingFiles
}

export interface ServeOptions extends ServerSettings {
  readonly adminToken: string | undefined
  /** For what outlives the process; nothing does where left out. */
  readonly stateFolder?: string | undefined
  /** Reads the configuration again, for a reload. Fails with RELOAD_REFUSED where it is not sound. */
  readonly reread: () => Promise<ServerSettings>
  readonly log: Log
}
