import { type Ask, ask, dataStatus, probes, type Session } from '../api-client.ts'
import { now, sleep } from '../clock.ts'
import { reasonOf } from '../errors.ts'
import { type FaultKind, faults } from '../faults/all.ts'
import { databasePath, type Victim } from '../faults/fault.ts'
import { type ActiveFault, injectAndLand } from '../faults/inject.ts'
import { refuseSecond } from '../faults/record.ts'
import { recoverLeftovers } from '../faults/rollback.ts'
import { isSuccess } from '../load/figures.ts'
import { milliseconds } from '../report/html.ts'
import { firstAfter, startProbe } from './probe.ts'
import { wrap } from './screen.ts'

type Order = Victim & { kind: FaultKind; forMs: number; session: Session; signal: AbortSignal }

/** What a client saw; milliseconds since the injection or the rollback, null: not within five seconds. */
export type Begun = {
  kind: FaultKind
  did: string
  until: string
  landed_ms: number
  degraded_ms: number | null
  /** By request, as it is answered now. */
  answers: Record<string, string>
}
export type Ended = { did: string; success_ms: number | null }

/** Injects a fault and returns when it was felt and noticed. Throws a UserError when nothing was changed. */
export async function beginOutage(order: Order): Promise<{ fault: ActiveFault; begun: Begun; repaired?: string }> {
  const { database, server, api, kind, forMs, session, signal } = order
  const repaired = await recoverLeftovers(database, server)
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
    const askOnce = (operation: keyof typeof probes) => dataStatus(session.pool, token, operation)
    const fault = await injectAndLand({ database, server, api, kind, forMs, probe: askOnce, signal })
    const { injectedAt } = fault
    // An API that was killed says nothing: no answer is how that is noticed.
    const degraded = () => firstAfter(probe.health, injectedAt, (one) => one.degraded === true || one.status === 0)
    const begun = {
      kind,
      did: fault.did,
      until: fault.until.toISOString(),
      landed_ms: fault.landedAt - injectedAt,
      degraded_ms: await soon(degraded),
      answers: {
        'GET /data/notes': await answer(session, { ...probes.read, token }),
        'POST /data/notes': await answer(session, { ...probes.write, token }),
        'GET /health': await answer(session, { method: 'GET', path: '/health' }),
      },
    }
    return { fault, begun, repaired }
  } finally {
    await probe.stop()
  }
}

/** Rolls a fault back and returns when a request of the kind that felt it succeeded again. */
export async function endOutage(session: Session, { kind, undo }: Pick<ActiveFault, 'kind' | 'undo'>): Promise<Ended> {
  // The rollback must happen in any case, also when no token can be had without the database.
  const token = await session.token().catch(() => undefined)
  const { at, did } = await undo()
  if (token === undefined) {
    session.invalidate()
    return { did, success_ms: null }
  }
  const success = async () => {
    const status = await dataStatus(session.pool, token, faults[kind].feltBy)
    return isSuccess({ status }) ? now() - at : undefined
  }
  return { did, success_ms: await soon(success) }
}

async function answer({ pool }: Session, request: Ask): Promise<string> {
  try {
    const { status, text } = await ask(pool, request)
    return `${status} ${text.trim()}`
  } catch (error) {
    return `no answer (${reasonOf(error)})`
  }
}

/** Asks again and again for up to five seconds; null when there was nothing until then. */
async function soon(of: () => number | undefined | Promise<number | undefined>): Promise<number | null> {
  for (const deadline = now() + 5_000; now() < deadline; await sleep(5)) {
    const found = await of()
    if (found !== undefined) return found
  }
  return null
}

/** For a terminal. */
export function begunWords({ did, landed_ms, degraded_ms, answers }: Begun): string {
  return [
    did,
    `  first 503 after        ${ms(landed_ms)}`,
    `  /health degraded after ${ms(degraded_ms)}`,
    ...Object.entries(answers).map(
      ([request, text]) => `  ${request} now\n${wrap(text.replaceAll(',"', ', "'), '    ')}`,
    ),
  ].join('\n')
}

export function endedWords({ did, success_ms }: Ended): string {
  return `Rolled back: ${did}.\n  first success after    ${ms(success_ms)}`
}

function ms(value: number | null): string {
  return value === null ? 'not seen within 5 s' : milliseconds(value)
}
