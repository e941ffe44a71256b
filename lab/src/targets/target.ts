import type { Tally } from '../attacks/outcomes.ts'
import type { Address } from './addresses.ts'
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
  /** Another user, where there is one; the password is the one of the moment. */
  other?: { username: string; password: string }
  /** Gives the other user this password, or without one removes that user; undefined where nobody can. */
  changeOther?: (password?: string) => Promise<void>
  /** From where else it can be reached, each time with another address of the client; none where that cannot be had. */
  addresses: Address[]
  /** What signs its tokens, where the lab has started it. */
  jwtSecret?: string
  journalMode: 'delete' | 'wal'
  /** Its log, where it can be read. */
  log?: ApiLog
  /** Says in a sentence how the API ended, as soon as it has by itself; never where nobody would tell. */
  ended: Promise<string>
  /** Ends it by kill -9 and starts it again after so many milliseconds; gives the moment (clock.ts) of the kill. */
  crash: (downMs: number, signal: AbortSignal) => Promise<number>
  /** Called when a phase begins. */
  entered?: (phase: string, seconds: number) => void
  /** Called every second of an attack with what came of its attempts meanwhile. */
  attacked?: (attack: string, tally: Tally) => void
  /** Rejects with a UserError when something could not be put back. */
  stop: () => Promise<void>
}
