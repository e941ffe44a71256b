import { ask, connect, openSession } from '../api-client.ts'
import { now, sleep } from '../clock.ts'
import { UserError } from '../errors.ts'
import { type ProbeSample, startProbe } from '../runner/probe.ts'

const everyMs = 20
const failsWithinMs = 30_000
const backWithinMs = 60_000
// A service that answers once and fails again is not back.
const steadyMs = 1_000

/** Asks /health and a data request until something fails and both have answered again for a second; prints how long that took. */
export async function downtime(
  api: { url: string; username: string; password: string },
  stop: AbortSignal,
): Promise<void> {
  const session = openSession(api.url, api.username, api.password)
  const probe = startProbe(api.url, await session.token(), everyMs)
  const began = now()
  const failed = () => [...probe.health, ...probe.data].filter(({ status }) => status !== 200)
  try {
    // The caller reads this line and does then what makes the API fail.
    console.log('Watching the API from outside.')
    if (!(await within(failsWithinMs, () => failed().length > 0)))
      return console.log(`No request failed in ${failsWithinMs / 1000} s.`)
    if (!(await within(backWithinMs, isBack)))
      throw new UserError(`The API was not back within ${backWithinMs / 1000} s of its first failed request.`)
    const from = Math.min(...failed().map(({ at }) => at))
    console.log(`  first failed request  after ${ms(from - began)}`)
    console.log(`  back                  ${ms(backAt() - from)} later`)
    for (const [what, samples] of [
      ['/data/notes', probe.data],
      ['/health', probe.health],
    ] as const) {
      const count = samples.filter(({ status }) => status !== 200).length
      console.log(`  ${what.padEnd(20)}  ${count} of ${samples.length} requests failed`)
    }
  } finally {
    await probe.stop()
    await session.pool.destroy()
  }

  /** The moment at which both were answered after the last failure; infinite while one of them was not. */
  function backAt(): number {
    const last = Math.max(...failed().map(({ at }) => at))
    const first = (samples: ProbeSample[]) =>
      Math.min(...samples.filter(({ at }) => at > last).map(({ done }) => done), Number.POSITIVE_INFINITY)
    return Math.max(first(probe.health), first(probe.data))
  }
  function isBack(): boolean {
    return now() - backAt() > steadyMs
  }
  async function within(limitMs: number, isSo: () => boolean): Promise<boolean> {
    for (const deadline = now() + limitMs; now() < deadline; await sleep(everyMs, stop)) if (isSo()) return true
    return false
  }
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`
}

const scrapeWithinMs = 60_000

/** Waits until Prometheus has read the metrics page of each of these jobs. */
export async function awaitScrape(url: string, wanted: string[]): Promise<void> {
  const pool = connect(url, 1, 5_000)
  const deadline = now() + scrapeWithinMs
  try {
    for (;;) {
      const up = await scraped()
      const missing = wanted.filter((job) => !up.has(job))
      if (missing.length === 0) return
      if (now() > deadline)
        throw new UserError(
          `Prometheus has not read the metrics of ${missing.join(', ')} within a minute: make logs ONLY=prometheus`,
        )
      await sleep(200)
    }
  } finally {
    await pool.destroy()
  }

  /** The jobs whose last scrape succeeded; none while Prometheus is starting. */
  async function scraped(): Promise<Set<string>> {
    const answer = await ask(pool, { method: 'GET', path: '/api/v1/query?query=up==1' }).catch(() => undefined)
    if (answer?.status !== 200) return new Set()
    const { data } = JSON.parse(answer.text) as { data: { result: { metric: { job: string } }[] } }
    return new Set(data.result.map(({ metric }) => metric.job))
  }
}
