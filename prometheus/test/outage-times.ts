// The story of an outage from Prometheus' numbers. By hand: node scripts/node26.cjs prometheus/test/outage-times.ts
// http://127.0.0.1:9090 FROM TO, in seconds since 1970.

/** Seconds since 1970 (`on`), and seconds from there, or from the end of the fault, until each thing was so. */
export type OutageTimes = {
  on: number
  noticed: number
  refused: number
  alarm: number
  lasted: number
  available: number
  alarmOver: number
}

/** Times of the one outage between two moments, to the second: that is how often Prometheus looks. */
export async function outageTimes(url: string, from: number, to: number): Promise<OutageTimes> {
  async function when(expr: string): Promise<number[]> {
    const body = new URLSearchParams({ query: `max(${expr})`, start: `${from}`, end: `${to}`, step: '1' })
    const response = await fetch(`${url}/api/v1/query_range`, { method: 'POST', body })
    const answer = (await response.json()) as { data: { result: { values: [number, string][] }[] } }
    const values = answer.data.result[0]?.values ?? []
    const times = values.filter(([, value]) => value === '1').map(([time]) => time)
    if (times.length === 0) throw new Error(`Between ${from} and ${to} it never was so that ${expr}.`)
    return times
  }
  const fault = await when('lab_fault_active')
  const down = await when('1 - db_available')
  const refused = await when('lab_probe_status{target="data"} == bool 503')
  const alarm = await when('ALERTS{alertname="DatabaseUnavailable",alertstate="firing"}')
  const [on = 0, off = 0] = [fault[0], (fault.at(-1) ?? 0) + 1]
  const first = (times: number[]) => (times[0] ?? 0) - on
  const over = (times: number[]) => (times.at(-1) ?? 0) + 1 - off
  return {
    on,
    noticed: first(down),
    refused: first(refused),
    alarm: first(alarm),
    lasted: off - on,
    available: over(down),
    alarmOver: over(alarm),
  }
}

/** The same as a sentence. */
export function outageStory({ on, noticed, refused, alarm, lasted, available, alarmOver }: OutageTimes): string {
  const at = new Date(on * 1000).toISOString().slice(11, 19)
  return `Fault on at ${at} UTC; noticed by the API after ${noticed} s, by a client after ${refused} s, alarm after ${alarm} s. Undone after ${lasted} s; the database was back ${available} s and the alarm over ${alarmOver} s after that.`
}

if (process.argv[1] === import.meta.filename) {
  const [, , url = 'http://127.0.0.1:9090', from, to] = process.argv
  console.log(outageStory(await outageTimes(url, Number(from), Number(to))))
}
