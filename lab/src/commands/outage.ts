import { openSession } from '../api-client.ts'
import type { FaultKind } from '../faults/fault.ts'
import { beginOutage, begunWords, endedWords, endOutage } from '../runner/outage.ts'

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
export async function outage({ url, username, password, stop, ...what }: OutageOptions): Promise<number> {
  const session = openSession(url, username, password)
  try {
    const { fault, begun, repaired } = await beginOutage({ ...what, session, signal: stop })
    if (repaired) console.log(repaired)
    console.log(begunWords(begun))
    console.log(
      `It ends at ${fault.until.toLocaleTimeString()}, with Ctrl-C here, or by: recover --database ${what.database}`,
    )
    await Promise.race([fault.ended, interrupted(stop)])
    console.log(endedWords(await endOutage(session, fault.undo)))
    return 0
  } finally {
    await session.pool.destroy()
  }
}

function interrupted(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve()
    else stop.addEventListener('abort', () => resolve(), { once: true })
  })
}
