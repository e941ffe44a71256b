import { Counter, Gauge } from 'prom-client'
import type { Session } from '../api-client.ts'
import { isSuccess } from '../load/figures.ts'
import { healthOf, type ProbeSample, probeOnce } from '../runner/probe.ts'

const everyMs = 1_000
const targets = ['data', 'health'] as const
type Target = (typeof targets)[number]

/** The last answers that a client outside of the API got; status 0: no answer. `degraded` as /health says. */
export type Outside = Record<Target, { status: number; seconds: number }> & { degraded?: boolean }

/**
 * Asks /health and for one page of notes once a second, and puts the answers on the metrics page. Unlike the probe of a run
 * it keeps no samples and lasts for days, so its token is renewed. `heard` is given each answer of the API's data.
 */
export function watchOutside(session: Session, heard: (sample: ProbeSample) => void) {
  const labelNames = ['target']
  const statusHelp = 'Last HTTP status that an outside client got; 0: no answer'
  const status = new Gauge({ name: 'lab_probe_status', help: statusHelp, labelNames })
  const duration = new Gauge({ name: 'lab_probe_duration_seconds', help: 'Duration of that request', labelNames })
  const degraded = new Gauge({ name: 'lab_probe_degraded', help: '1: /health says degraded; 0: no, or no answer' })
  const requests = new Counter({
    name: 'lab_probe_requests_total',
    help: 'Requests of the outside client: success is a 2xx',
    labelNames: ['target', 'outcome'],
  })
  for (const target of targets) for (const outcome of ['success', 'failure']) requests.inc({ target, outcome }, 0)
  const seen: Outside = { data: { status: 0, seconds: 0 }, health: { status: 0, seconds: 0 } }
  let said: ProbeSample | undefined

  function record(target: Target, sample: ProbeSample): void {
    const seconds = (sample.done - sample.at) / 1000
    seen[target] = { status: sample.status, seconds }
    status.set({ target }, sample.status)
    duration.set({ target }, seconds)
    requests.inc({ target, outcome: isSuccess(sample) ? 'success' : 'failure' })
  }

  async function lookAround(): Promise<void> {
    const health = await probeOnce(session.pool, '/health')
    record('health', health)
    seen.degraded = health.degraded
    said = health
    degraded.set(seen.degraded ? 1 : 0)
    // An API that does not answer this is starting, or gone: no login can succeed there.
    const token = health.status === 0 ? undefined : await session.token().catch(() => undefined)
    // Without a token the status is still worth knowing: 401 or 503.
    const data = await probeOnce(session.pool, '/data/notes?limit=1', token)
    record('data', data)
    heard(data)
    if (token && seen.data.status === 401) session.invalidate()
  }

  void lookAround()
  const timer = setInterval(lookAround, everyMs)
  return { seen, health: () => healthOf(said), stop: () => clearInterval(timer) }
}
