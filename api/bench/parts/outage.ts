import { chmodSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { now } from '../../../lab/src/clock.ts'
import { lockFile } from '../../../lab/src/faults/lock.ts'
import { type Client, createClient, evenly } from '../evenly.ts'
import { median, quantile, show, spread } from '../figures.ts'
import type { Part, Run } from '../report.ts'
import { startServer } from '../servers.ts'

const rate = 300
type Cycle = { noticedMs: number; recoveredMs: number }

/** How fast an outage is refused, noticed without traffic, and over. */
export async function measureOutage({ quick, say }: Run): Promise<Part> {
  const server = await startServer('complete')
  const client = createClient(server)
  const { mode } = statSync(server.databasePath)
  // Returns the function that ends it.
  const faults = {
    async chmod() {
      chmodSync(server.databasePath, 0)
      return () => chmodSync(server.databasePath, mode)
    },
    lock: () => lockFile(server.databasePath),
  }

  await evenly(client.read, 1_000, 2)
  const refusals: number[][] = []
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    say(`chmod under ${rate} requests/s`)
    refusals.push(await refusedUnderLoad(client, faults.chmod, quick ? 2 : 4))
  }
  const cycles: Record<keyof typeof faults, Cycle[]> = { chmod: [], lock: [] }
  for (let round = 0; round < (quick ? 3 : 10); round++) {
    say(`cycle ${round + 1}: chmod and lock without traffic`)
    for (const kind of ['chmod', 'lock'] as const) cycles[kind].push(await cycle(client, faults[kind]))
  }
  await client.close()
  await server.stop()

  const row = (what: string, values: number[], limit: number, judged = Math.max(...values)) => ({
    cells: [what, show(median(values)), spread(values)],
    target: { text: `< ${limit}`, reached: judged < limit },
  })
  const p50 = refusals.map((round) => quantile(round, 0.5))
  return {
    title: `outage: refused at ${rate} requests/s, noticed and recovered from without other traffic (${cycles.chmod.length} cycles each)`,
    columns: ['milliseconds', 'median', 'min to max'],
    rows: [
      { cells: ['503 under chmod, p50', show(median(p50)), spread(p50)] },
      row(
        '503 under chmod, p99',
        refusals.map((round) => quantile(round, 0.99)),
        5,
        quantile(refusals.flat(), 0.99),
      ),
      row(
        'chmod until /health says degraded',
        cycles.chmod.map(({ noticedMs }) => noticedMs),
        250,
      ),
      row(
        'lock until /health says degraded',
        cycles.lock.map(({ noticedMs }) => noticedMs),
        250,
      ),
      row(
        'end of chmod until the first 200',
        cycles.chmod.map(({ recoveredMs }) => recoveredMs),
        250,
      ),
      row(
        'end of the lock until the first 200',
        cycles.lock.map(({ recoveredMs }) => recoveredMs),
        250,
      ),
    ],
    notes: [
      'A 503 counts from when its request was due, so the generator is in it. All but the p99 must hold in every cycle.',
    ],
    raw: { refusals: refusals.map((round) => round.map((ms) => Math.round(ms * 100) / 100)), cycles },
  }
}

type Fault = () => Promise<() => unknown>

/** The latencies of all requests that were due while the fault was in force. Every one must have been refused. */
async function refusedUnderLoad(client: Client, fault: Fault, seconds: number): Promise<number[]> {
  const load = evenly(client.read, rate, seconds + 1)
  await sleep(500)
  const undo = await fault()
  const from = now()
  await sleep(seconds * 1000)
  const to = now()
  await undo()
  const during = (await load).results.filter(({ sent, done }) => sent > from && done < to)
  const others = during.filter(({ status }) => status !== 503)
  if (others.length > 0) throw new Error(`${others.length} of ${during.length} requests in the outage were not refused`)
  return during.map(({ due, done }) => done - due)
}

/** One outage without other traffic than the looking. */
async function cycle(client: Client, fault: Fault): Promise<Cycle> {
  // At another moment of the API's tick each time.
  await sleep(300 + Math.random() * 200)
  const undo = await fault()
  const noticedMs = await until(() => client.degraded())
  await sleep(300 + Math.random() * 100)
  const ended = undo()
  const recoveredMs = await until(async () => (await client.read(AbortSignal.timeout(5_000))) === 200)
  await ended
  await until(async () => !(await client.degraded()))
  return { noticedMs, recoveredMs }
}

/** Asks every 5 ms; the milliseconds until the answer is yes. */
async function until(asked: () => Promise<boolean>): Promise<number> {
  const start = now()
  while (!(await asked())) {
    if (now() - start > 5_000) throw new Error('nothing changed within 5 s')
    await sleep(5)
  }
  return now() - start
}
