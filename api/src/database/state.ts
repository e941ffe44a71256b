import type { Logger } from 'pino'
import type { Reason, State } from './database.ts'

/** Holds what a database can do. `change` records what a check or a use has found, and logs it when it is new. */
export function trackState(log: Logger) {
  let state: State = { reads: true, writes: true, reason: null, since: new Date() }

  function change(reason: Reason | null, reads: boolean, err?: unknown) {
    if (reason === state.reason && reads === state.reads) return
    const writes = reason === null
    const { since } = state
    state = { reads, writes, reason, since: state.writes || writes ? new Date() : since }
    const outage_ms = Date.now() - since.getTime()
    if (writes) log.info({ db_unavailable: false, outage_ms }, 'database available')
    else if (reads) log.error({ db_unavailable: true, reason, err }, 'database read-only')
    else log.error({ db_unavailable: true, reason, err }, 'database unavailable')
  }
  return { state: () => state, change }
}
