import { ask, connect, logIn } from '../api-client.ts'
import { sleep } from '../clock.ts'
import { databasePath, type FaultKind } from '../faults/fault.ts'
import { inject } from '../faults/keeper.ts'
import { refuseSecond } from '../faults/record.ts'
import { repair } from '../faults/repair.ts'
import { reasonOf } from '../sentence.ts'
import { firstAfter, type Probe, startProbe } from '../watch/probe.ts'

export type OutageOptions = {
  database: string
  kind: FaultKind
  forMs: number
  url: string
  username: string
  password: string
  stop: AbortSignal
}

/** Takes the database away, says what that looks like, holds it for the time or until interrupted, gives it back. */
export async function outage({ database, kind, forMs, url, username, password, stop }: OutageOptions): Promise<number> {
  const repaired = await repair(database)
  if (repaired) console.log(repaired)
  // Before the login: with another fault active nobody can log in.
  refuseSecond(databasePath(database))
  const pool = connect(url, 2, 5_000)
  const token = await logIn(pool, url, username, password)
  let probe = startProbe(url, token)
  try {
    const fault = await inject({ database, kind, forMs, probe: probe.ask, signal: stop })
    console.log(fault.did)
    console.log(`  first 503 after       ${(fault.landedAt - fault.injectedAt).toFixed(0)} ms`)
    const degraded = await first(probe, 'health', fault.injectedAt, (sight) => sight.degraded === true)
    console.log(`  /health degraded after ${degraded}`)
    console.log(`  GET /data/notes now   ${await answer('/data/notes')}`)
    console.log(`  GET /health now       ${await answer('/health')}`)
    console.log(
      `It ends at ${fault.until.toLocaleTimeString()}, with Ctrl-C here, or by: recover --database ${database}`,
    )
    // The fault may last a day: what the probe would see of it is of no use.
    await probe.stop()

    const undone = await Promise.race([fault.ended, interrupted(stop).then(fault.undo)])
    probe = startProbe(url, token)
    console.log(`Undone: ${undone.did}.`)
    const success = await first(probe, 'data', undone.at, (sight) => sight.status === 200)
    console.log(`  first success after   ${success}`)
    return 0
  } finally {
    await probe.stop()
    await pool.destroy()
  }

  async function answer(path: string): Promise<string> {
    try {
      const { status, text } = await ask(pool, { method: 'GET', path, token })
      return `${status} ${text.trim()}`
    } catch (error) {
      return `no answer (${reasonOf(error)})`
    }
  }
}

function interrupted(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve()
    else stop.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** How long after a moment something was first seen, in words; waits for it for five seconds. */
async function first(probe: Probe, what: 'health' | 'data', moment: number, wanted: Parameters<typeof firstAfter>[2]) {
  for (let waited = 0; waited < 5_000; waited += 20) {
    const found = firstAfter(probe[what], moment, wanted)
    if (found !== undefined) return `${found.toFixed(0)} ms`
    await sleep(20)
  }
  return 'more than 5 s'
}
