import type { Tally } from '../attacks/outcomes.ts'
import type { ApiProcess } from '../faults/fault.ts'
import type { ApiLog } from './api-log.ts'

/** The API of an experiment. */
export type Target = {
  mode: 'embedded' | 'stack'
  url: string
  metricsUrl: string
  /** Its database file, as the lab can reach it. */
  database: string
  username: string
  password: string
  /** A second user, where the lab has started the API. */
  other?: { username: string; password: string }
  /** Other addresses of this machine from which a client can connect; empty where it has none. */
  addresses: string[]
  /** The secret that signs its tokens, where the lab has started it. */
  jwtSecret?: string
  journalMode: 'delete' | 'wal'
  /** Its log, where it can be read. */
  log?: ApiLog
  /** Its process, where the lab has started it. */
  api?: ApiProcess
  /** Resolves with the reason when the API ends by itself; never where that cannot be seen. */
  ended: Promise<string>
  /** Called when a phase begins. */
  entered?: (phase: string, seconds: number) => void
  /** Called every second of an attack with the outcomes of its attempts since the last call. */
  attacked?: (attack: string, tally: Tally) => void
}
