import { ask, dataStatus, type Session } from '../api-client.ts'
import { sleep } from '../clock.ts'
import { reasonOf } from '../errors.ts'
import { databasePath, type FaultKind, type Victim } from '../faults/fault.ts'
import { type ActiveFault, injectAndLand } from '../faults/inject.ts'
import { refuseSecond } from '../faults/record.ts'
import type { RolledBack } from '../faults/rollback.ts'
import { recoverLeftovers } from '../faults/rollback.ts'
import { milliseconds } from '../report/html.ts'
import { firstAfter, type Probe, startProbe } from './probe.ts'

export type Order = Victim & { kind: FaultKind; forMs: number; session: Session; signal: AbortSignal }

/** What a client saw; milliseconds since the injection or the rollback, null: not within five seconds. */
export type Begun = {
  kind: FaultKind
  did: string
  until: string
  landed_ms: number
  degraded_ms: number | null
  data_now: string
  health_now: string
}
export type Ended = { did: string; success_ms: number | null }

/** Injects a fault and returns when it was felt and noticed. Throws a UserError when nothing was changed. */
export async function beginOutage(order: Order): Promise<{ fault: ActiveFault; begun: Begun; repaired?: string }> {
  const { database, api, kind, forMs, session, signal } = order
  const repaired = await recoverLeftovers(database)
  // Before the login, which would fail while another fault is active.
  refuseSecond(databasePath(database))
  let token = await session.token()
  if ((await dataStatus(session.pool, token)) === 401) {
    // The cached token was revoked by a logout or a restart with another secret.
    session.invalidate()
    token = await session.token()
  }
  const probe = startProbe(session.url, token)
  try {
    const fault = await injectAndLand({ database, api, kind, forMs, probe: probe.ask, signal })
    const begun = {
      kind,
      did: fault.did,
      until: fault.until.toISOString(),
      landed_ms: fault.landedAt - fault.injectedAt,
      // An API that was killed says nothing: no answer is how that is noticed.
      degraded_ms: await first(probe, 'health', fault.injectedAt, (one) => one.degraded === true || one.status === 0),
      data_now: await answer(session, '/data/notes', token),
      health_now: await answer(session, '/health'),
    }
    return { fault, begun, repaired }
  } finally {
    await probe.stop()
  }
}

/** Rolls a fault back and returns when a data request succeeded again. */
export async function endOutage(session: Session, undo: () => Promise<RolledBack>): Promise<Ended> {
  // The rollback must happen in any case, also when no token can be had without the database.
  const token = await session.token().catch(() => undefined)
  if (token === undefined) {
    const { did } = await undo()
    session.invalidate()
    return { did, success_ms: null }
  }
  const probe = startProbe(session.url, token)
  try {
    const { at, did } = await undo()
    return { did, success_ms: await first(probe, 'data', at, (sample) => sample.status === 200) }
  } finally {
    await probe.stop()
  }
}

async function answer({ pool }: Session, path: string, token?: string): Promise<string> {
  try {
    const { status, text } = await ask(pool, { method: 'GET', path, token })
    return `${status} ${text.trim()}`
  } catch (error) {
    return `no answer (${reasonOf(error)})`
  }
}

/** How long after a moment a sample was first as wanted; waits for it up to five seconds. */
async function first(probe: Probe, what: 'health' | 'data', moment: number, wanted: Parameters<typeof firstAfter>[2]) {
  for (let waited = 0; waited < 5_000; waited += 20) {
    const found = firstAfter(probe[what], moment, wanted)
    if (found !== undefined) return found
    await sleep(20)
  }
  return null
}

/** For a terminal. */
export function begunWords({ did, landed_ms, degraded_ms, data_now, health_now }: Begun): string {
  return [
    did,
    `  first 503 after        ${ms(landed_ms)}`,
    `  /health degraded after ${ms(degraded_ms)}`,
    `  GET /data/notes now    ${data_now}`,
    `  GET /health now        ${health_now}`,
  ].join('\n')
}

export function endedWords({ did, success_ms }: Ended): string {
  return `Rolled back: ${did}.\n  first success after    ${ms(success_ms)}`
}

function ms(value: number | null): string {
  return value === null ? 'not seen within 5 s' : milliseconds(value)
}
