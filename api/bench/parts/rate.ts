import { closedLoop } from '../autocannon.ts'
import { createClient, evenly, failures } from '../evenly.ts'
import { show } from '../figures.ts'
import type { Part, Run } from '../report.ts'
import { startServer } from '../servers.ts'

const limitMs = 50
const wanted = 5_000

/** The highest rate of GETs that the complete API holds, with the generator on the same machine. */
export async function measureRate({ quick, say }: Run): Promise<Part> {
  const confirmSeconds = quick ? 5 : 30
  const stepSeconds = quick ? 2 : 3
  const server = await startServer('complete')
  const client = createClient(server)
  const raw: { rate: number; seconds: number; met: boolean; failed: number; generator: number }[] = []

  async function attempt(rate: number, seconds: number) {
    const before = performance.eventLoopUtilization()
    const { results, ...figures } = await evenly(client.read, rate, seconds)
    const generator = performance.eventLoopUtilization(before).utilization
    const failed = failures(figures, ['200'])
    const met = failed === 0 && figures.latency_ms.p95 < limitMs
    const { p50, p95 } = figures.latency_ms
    say(
      `${rate}/s for ${seconds} s: p50 ${show(p50)} ms, p95 ${show(p95)} ms, ${failed} failed: ${met ? 'met' : 'not met'}`,
    )
    raw.push({ rate, seconds, met, failed, generator, ...figures })
    return met
  }

  say('warming up')
  await closedLoop(server, 'GET', { clients: 30, seconds: quick ? 3 : 6 })
  let highest = 1_000
  for (const rate of rates(quick ? 1.5 : 1.25)) {
    // Once may be the fault of another program on this machine.
    const met = (await attempt(rate, stepSeconds)) || (await attempt(rate, stepSeconds))
    if (!met) break
    highest = rate
  }
  // A short step may be met thanks to a buffer that a long one fills.
  let tries = 0
  while (!(await attempt(highest, confirmSeconds)) && ++tries < 3) highest = Math.round((highest * 0.9) / 100) * 100
  await client.close()
  await server.stop()

  const last = raw.at(-1) as (typeof raw)[number] & { latency_ms: Record<'p50' | 'p95' | 'p99', number> }
  const { p50, p95, p99 } = last.latency_ms
  return {
    title: `rate: GETs per second that the complete API holds for ${confirmSeconds} s with p95 < ${limitMs} ms and no error`,
    columns: ['', 'requests/s', 'p50 ms', 'p95 ms', 'p99 ms'],
    rows: [
      {
        cells: [
          last.met ? 'highest rate that meets the goal' : 'lowest rate tried, which misses the goal',
          ...[last.rate, p50, p95, p99].map(show),
        ],
        target: { text: `>= ${show(wanted)}`, reached: last.met && last.rate >= wanted },
      },
    ],
    notes: [
      'Evenly spaced arrivals that do not wait for answers; latency counts from when each was due.',
      `The generator shares the machine; at this rate it was itself busy for ${Math.round(last.generator * 100)} % of the time.`,
    ],
    raw,
  }
}

function* rates(factor: number) {
  for (let rate = 2_000; rate < 100_000; rate *= factor) yield Math.round(rate / 100) * 100
}
