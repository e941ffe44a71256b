import { ask, connect } from '../api-client.ts'
import { parseMetrics } from '../runner/metrics-page.ts'

/** What /health says; `none`: no answer. */
export type Health = { status: 'ok' | 'degraded' | 'read_only' | 'none'; reason: string | null }

const silent: Health = { status: 'none', reason: null }

/** Asks /health five times a second, and the metrics page once for the time that its thread was busy. */
export function watchApi(url: string, metricsUrl: string) {
  const pools = [connect(url, 4, 2_000), connect(metricsUrl, 2, 2_000)] as const
  const seen = { health: silent, busy: null as number | null }
  let before: { active: number; idle: number } | undefined

  async function askHealth(): Promise<void> {
    const answer = await ask(pools[0], { method: 'GET', path: '/health' }).catch(() => undefined)
    if (answer?.status !== 200) seen.health = silent
    else {
      const { status, database } = JSON.parse(answer.text)
      seen.health = { status, reason: database?.reason ?? null }
    }
  }

  async function askBusy(): Promise<void> {
    const page = await ask(pools[1], { method: 'GET', path: '/metrics' }).catch(() => undefined)
    const samples = page?.status === 200 ? parseMetrics(page.text) : []
    const time = (state: string) =>
      samples.find(({ labels }) => labels.nodejs_eventloop_state === state)?.value ?? Number.NaN
    const now = { active: time('active'), idle: time('idle') }
    const active = now.active - (before?.active ?? Number.NaN)
    const share = active / (active + now.idle - (before?.idle ?? Number.NaN))
    // It is not a number, or negative, where an API was started in between.
    seen.busy = share >= 0 && share <= 1 ? share : null
    before = now
  }
  const timers = [setInterval(askHealth, 200), setInterval(askBusy, 1_000)]
  const stop = () => {
    timers.forEach(clearInterval)
    return Promise.all(pools.map((pool) => pool.destroy()))
  }
  return { seen, stop }
}
