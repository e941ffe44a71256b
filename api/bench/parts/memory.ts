import { readFileSync } from 'node:fs'
import { createClient, evenly, failures } from '../evenly.ts'
import { show } from '../figures.ts'
import type { Part, Run } from '../report.ts'
import { type Server, startServer } from '../servers.ts'

const mebibyte = 1024 * 1024
const rate = 500

/** The memory of the complete API after a minute of mixed load. */
export async function measureMemory({ quick, say }: Run): Promise<Part> {
  const seconds = quick ? 5 : 60
  const server = await startServer('complete')
  const client = createClient(server)
  const idle = (await server.used()).rss
  const every: number[] = []
  const timer = setInterval(async () => every.push((await server.used()).rss), 1_000)
  say(`${seconds} s at ${rate} requests/s`)
  const { results, ...figures } = await evenly(client.mix, rate, seconds)
  clearInterval(timer)
  const failed = failures(figures, ['200', '201'])
  if (failed > 0) throw new Error(`${failed} requests failed: ${JSON.stringify(figures.statuses)}`)
  const after = (await server.used()).rss
  const peak = peakOf(server) ?? Math.max(after, ...every)
  await client.close()
  await server.stop()

  const target = { text: '<= 150', reached: after <= 150 * mebibyte }
  return {
    title: `memory: resident set of the complete API, ${seconds} s at ${rate} requests/s: 70 % read, 15 % list, 15 % write`,
    columns: ['', 'MiB'],
    rows: [
      { cells: ['before the load', show(idle / mebibyte)] },
      { cells: ['after it', show(after / mebibyte)], target },
      { cells: ['highest since the start', show(peak / mebibyte)] },
    ],
    notes: [],
    raw: { idle, after, peak, everySecond: every, figures },
  }
}

/** The kernel's own highest mark, where it tells it (Linux). */
function peakOf({ pid }: Server): number | undefined {
  try {
    const kibibytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
  } catch {
    return undefined
  }
}
