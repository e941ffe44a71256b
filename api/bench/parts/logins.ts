import type { Figures } from '../evenly.ts'
import { createClient, evenly, failures } from '../evenly.ts'
import { median, rotated, show, spread } from '../figures.ts'
import type { Part, Run } from '../report.ts'
import { startServer } from '../servers.ts'

const readsPerSecond = 300
const loginsPerSecond = 20
const quantiles = ['p50', 'p95', 'p99'] as const

/** What reads notice of logins: each login is 20 ms of hashing. */
export async function measureLogins({ quick, say }: Run): Promise<Part> {
  const rounds = quick ? 2 : 5
  const seconds = quick ? 2 : 4
  const server = await startServer('complete')
  const client = createClient(server)
  await evenly(client.read, readsPerSecond, 2)
  await evenly(client.login, loginsPerSecond, 1)

  const raw: { round: number; logins: number; reads: Figures; hashing?: Figures }[] = []
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`)
    for (const logins of rotated([0, loginsPerSecond], round)) {
      const hashing = logins > 0 ? evenly(client.login, logins, seconds) : undefined
      const { results, ...reads } = await evenly(client.read, readsPerSecond, seconds)
      const { results: _, ...answered } = (await hashing) ?? { results: [] }
      const failed = failures(reads, ['200']) + ('due' in answered ? failures(answered, ['200']) : 0)
      if (failed > 0) throw new Error(`${failed} requests failed`)
      raw.push({ round, logins, reads, ...('due' in answered && { hashing: answered }) })
    }
  }
  await client.close()
  await server.stop()

  const of = (logins: number, q: (typeof quantiles)[number]) =>
    raw.filter((entry) => entry.logins === logins).map((entry) => entry.reads.latency_ms[q])
  const row = (what: string, values: (q: (typeof quantiles)[number]) => number[]) => ({
    cells: [what, ...quantiles.flatMap((q) => [show(median(values(q))), spread(values(q))])],
  })
  const took = raw.flatMap(({ hashing }) => (hashing ? [hashing.latency_ms.p50] : []))
  return {
    title: `logins: GETs at ${readsPerSecond}/s alone and beside ${loginsPerSecond} logins/s, ${rounds} interleaved rounds of ${seconds} s`,
    columns: ['', ...quantiles.flatMap((q) => [`${q} ms`, 'min to max'])],
    rows: [
      row('alone', (q) => of(0, q)),
      row(`beside ${loginsPerSecond} logins/s`, (q) => of(loginsPerSecond, q)),
      row('ratio in the same round', (q) => of(loginsPerSecond, q).map((ms, i) => ms / (of(0, q)[i] ?? Number.NaN))),
    ],
    notes: [`A login itself took ${show(median(took))} ms (median). The generator's timers count whole milliseconds.`],
    raw,
  }
}
