import { ask, connect } from '../api-client.ts'
import { now, sleep } from '../clock.ts'
import { UserError } from '../errors.ts'

const withinMs = 60_000

/** Waits until Prometheus has read the metrics page of each of these jobs. */
export async function awaitScrape(url: string, wanted: string[]): Promise<number> {
  const pool = connect(url, 1, 5_000)
  const deadline = now() + withinMs
  let missing = wanted
  try {
    for (;;) {
      const up = await seen()
      missing = wanted.filter((job) => up.get(job) !== true)
      if (missing.length === 0) return 0
      if (now() > deadline) break
      await sleep(200)
    }
  } finally {
    await pool.destroy()
  }
  throw new UserError(
    `Prometheus has not read the metrics of ${missing.join(', ')} within a minute: make logs ONLY=prometheus`,
  )

  /** Each job that is scraped, and whether the last scrape succeeded; nothing while Prometheus is starting. */
  async function seen(): Promise<Map<string, boolean>> {
    const answer = await ask(pool, { method: 'GET', path: '/api/v1/query?query=up' }).catch(() => undefined)
    if (answer?.status !== 200) return new Map()
    const { data } = JSON.parse(answer.text) as {
      data: { result: { metric: { job: string }; value: [number, string] }[] }
    }
    return new Map(data.result.map(({ metric, value }) => [metric.job, value[1] === '1']))
  }
}
