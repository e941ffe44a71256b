import { ask, connect } from '../api-client.ts'
import { now } from '../clock.ts'
import type { Phase } from '../runner/experiment.ts'
import type { Target } from '../targets/target.ts'
import type { Load } from './load.ts'
import { mix } from './mix.ts'
import { openLoop, type Request } from './open-loop.ts'

/** The lab's own load: the mix of data requests, and logins beside it where a phase has some. */
export async function startOwnLoad(target: Target, token: string, phases: Phase[]): Promise<Load> {
  const { url, username, password } = target
  // Enough connections for a stall to meet many waiting clients at once, as it would in real life; more would only
  // test the listen queue. Nearly all are unused while answers take a millisecond.
  const pool = connect(url, 128, 10_000)
  const notes = mix(pool, token)
  await notes.prepare(50)
  const login: Request = {
    kind: 'login',
    send: async (signal) =>
      (await ask(pool, { method: 'POST', path: '/auth/login', body: { username, password }, signal })).status,
  }
  const limitMs = phases.reduce((sum, { seconds }) => sum + seconds, 0) * 1000 + 60_000
  // An API that falls behind keeps ten seconds of arrivals waiting before one is dropped: whoever waits longer gives up.
  const maxInFlight = Math.max(2_000, ...phases.map(({ rate }) => 10 * rate))
  const results: Load['results'] = []
  const dropped: Load['dropped'] = []
  const data = openLoop({ next: notes.next, maxInFlight, limitMs, results, dropped })
  const logins = openLoop({ next: () => login, limitMs, results, dropped })
  return {
    generator: 'open loop (undici)',
    startedAt: now(),
    results,
    dropped,
    acknowledged: notes.acknowledged,
    sent: () => results.length + data.inFlight() + logins.inFlight(),
    enter(phase) {
      data.setRate(phase.rate)
      logins.setRate(phase.logins ?? 0)
    },
    async stop() {
      await Promise.all([data.stop(), logins.stop()])
      await pool.destroy()
    },
    async abandon() {
      data.setRate(0)
      logins.setRate(0)
      await pool.destroy()
    },
  }
}
